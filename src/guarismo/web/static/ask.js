// Questions to the server. The newest of a kind wins: an answer that comes late is thrown away.
const latest = new Map();

export async function ask(path, options = {}, kind = path) {
  const turn = (latest.get(kind) ?? 0) + 1;
  latest.set(kind, turn);
  const headers = { "Accept-Language": document.documentElement.lang, ...options.headers };
  const key = sessionStorage.getItem("key");
  if (key) headers["X-API-Key"] = key;
  const late = () => latest.get(kind) !== turn;
  let answer, found;
  try {
    answer = await fetch(path, { ...options, headers });
    found = await answer.json();
  } catch (error) {
    if (late()) return null;
    throw error;
  }
  if (answer.status === 401 && !options.again) {
    const given = window.prompt(document.documentElement.dataset.key ?? "key:");
    if (given) {
      sessionStorage.setItem("key", given);
      return ask(path, { ...options, again: true }, kind);
    }
  }
  if (late()) return null;
  if (!answer.ok) throw Object.assign(new Error(found.detail ?? answer.statusText), { status: answer.status });
  return found;
}

// What is still asked of this kind is of no use any more, as when the drawing is gone.
export const forget = (kind) => latest.set(kind, (latest.get(kind) ?? 0) + 1);

export const asJson = (value) => ({
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value),
});
