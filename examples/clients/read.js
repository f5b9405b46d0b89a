// Reads pictures over HTTP: node read.js http://127.0.0.1:8000 seven.png ...
const { readFile } = require("node:fs/promises");

async function main([server, ...pictures]) {
  for (const name of pictures) {
    const answer = await fetch(`${server}/v1/read?as=digit`, { method: "POST", body: await readFile(name) });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.detail);
    const [number] = found.numbers;
    console.log(name, number.text, number.status, number.confidence.toFixed(4));
  }
}

main(process.argv.slice(2));
