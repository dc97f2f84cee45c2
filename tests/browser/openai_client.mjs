// Calls the server with OpenAI's npm package and prints the answers as JSON: node openai_client.mjs BASE_URL FILE
import fs from "node:fs";
import OpenAI from "openai";

const [, , baseURL, path] = process.argv;
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const ask = (more) =>
  client.audio.transcriptions.create({ file: fs.createReadStream(path), model: "whisper-1", ...more });

const plain = await ask({});
const events = [];
for await (const event of await ask({ stream: true })) events.push(event);
const refused = await ask({ language: "klingon" }).catch((error) => error);
console.log(JSON.stringify({ text: plain.text, events, status: refused.status, param: refused.param }));
