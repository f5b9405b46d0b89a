// A picture from a file, the clipboard or the camera; what is read lies over it. ``speak`` says it in another language.
const $ = (id) => document.getElementById(id);

export function showPhoto({ ask, words, inShort, inWords, shown, tell, remember, open }) {
  let url = "";
  let say = () => {}; // what is said of the picture, in the language of the page

  function speak() {
    say();
    $("picture").querySelector("img")?.setAttribute("alt", words().photo);
    for (const button of $("picture").querySelectorAll("button")) button.setAttribute("aria-label", label(button.number));
  }

  async function read(file) {
    if (!file) return;
    open("photo");
    URL.revokeObjectURL(url);
    url = URL.createObjectURL(file);
    clear();
    try {
      const form = new FormData();
      form.append("file", file);
      const page = await ask("/v1/read?as=auto", { method: "POST", body: form }, "photo");
      if (page) show(page);
    } catch (error) {
      $("photo-reading").textContent = "–";
      say = () => { $("photo-advice").textContent = inShort(error); };
      say();
    }
  }

  function clear() {
    say = () => {};
    $("photo-reading").textContent = "";
    $("photo-status").textContent = "";
    $("photo-advice").textContent = "";
    $("cut").hidden = true;
    $("picture").hidden = true;
  }

  function show(page) {
    const picture = Object.assign(new Image(), { src: url, alt: words().photo });
    const numbers = written(page);
    $("picture").replaceChildren(picture, ...numbers.map((number) => place(number, page, picture)));
    $("picture").hidden = false;
    $("drop").classList.add("small");
    say = numbers.length ? () => tell("photo-", numbers[0]) : () => { $("photo-advice").textContent = words().none; };
    say();
    for (const number of numbers) remember(number);
  }

  // All that is told as a number, in cells too; where there is none, what was looked at.
  function written(page) {
    const every = [...page.numbers, ...page.grids.flatMap((grid) => grid.cells.flat())].filter(Boolean);
    const told = every.filter((number) => number.status === "read" || number.status === "unsure");
    return told.length ? told : every.slice(0, 1);
  }

  function place(number, page, picture) {
    const text = shown(number);
    const { left, top, right, bottom } = number.box;
    const button = document.createElement("button");
    button.type = "button";
    button.className = number.status + (top < 0.12 * page.height ? " below" : "");
    Object.assign(button.style, {
      left: `${(100 * left) / page.width}%`, top: `${(100 * top) / page.height}%`,
      width: `${(100 * (right - left)) / page.width}%`, height: `${(100 * (bottom - top)) / page.height}%`,
    });
    button.number = number;
    button.setAttribute("aria-label", label(number));
    const above = document.createElement("span");
    above.textContent = text;
    button.append(above);
    button.addEventListener("click", () => {
      say = () => tell("photo-", number);
      say();
      const scale = picture.naturalWidth / page.width;
      const cut = $("cut-picture");
      Object.assign(cut, { width: (right - left) * scale, height: (bottom - top) * scale });
      cut.getContext("2d").drawImage(picture, -left * scale, -top * scale);
      $("cut").hidden = false;
    });
    return button;
  }

  const label = (number) => `${shown(number)}: ${inWords(number)}`;

  for (const id of ["file", "camera"]) $(id).addEventListener("change", (event) => read(event.target.files[0]));
  const drop = $("drop");
  document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    read(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (file) read(file);
  });
  return { speak };
}
