// The official TypeScript clients of both protocol eras, over HTTP and stdio, with all that a server may offer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import * as modern from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as SdkStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as SdkHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { NAFTIKO_RUN, CONFORMANCE } = process.env;
assert.ok(NAFTIKO_RUN && CONFORMANCE, 'NAFTIKO_RUN and CONFORMANCE must name the command and the document');

const NAME = { name: 'naftiko-run-client-tests', version: '1' };
const SLOW = fileURLToPath(new URL('slow.yaml', import.meta.url));
const LATEST = '2026-07-28';
const RESOURCE_NOT_FOUND = [-32002, -32602];

const clients = [
  { called: 'sdk 1.x', version: '2025-11-25', make: () => new SdkClient(NAME), Http: SdkHttp, Stdio: SdkStdio },
  ...[undefined, { mode: 'auto' }].map((versionNegotiation) => ({
    called: versionNegotiation ? 'client 2.x negotiating' : 'client 2.x as it comes',
    version: versionNegotiation ? LATEST : '2025-11-25',
    make: () => new modern.Client(NAME, { versionNegotiation }),
    Http: modern.StreamableHTTPClientTransport,
    Stdio: ModernStdio,
  })),
];

// Serves a document on a free port until the tests are over; gives the URL of its MCP server.
async function served(...args) {
  const server = spawn(NAFTIKO_RUN, [...args, '--port', 'mcp=0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  after(() => server.kill());
  let url;
  for await (const line of createInterface({ input: server.stderr })) {
    url ??= /^mcp (http:\S+)/.exec(line)?.[1];
    if (line.startsWith('ready')) break;
  }
  server.stderr.resume();
  assert.ok(url, 'the server is not ready');
  return new URL(url);
}

// An upstream with weather, and with nothing at all: there it waits, and tells when it is left.
const upstream = createServer((request, response) => {
  if (request.url === '/weather') {
    response.setHeader('content-type', 'application/json').end('{"degrees": 21.5, "sky": "blue", "more": 1}');
  } else {
    response.on('close', () => upstream.emit('left'));
    upstream.emit('waiting');
  }
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
after(() => upstream.close());

const slow = [SLOW, '--base-uri', `slow=http://127.0.0.1:${upstream.address().port}`];
const urls = { [CONFORMANCE]: await served(CONFORMANCE), [SLOW]: await served(...slow) };

// Hands a client one message in each turn of the event loop. Over stdio both clients drop the progress that they read
// in the same turn as the answer: they tell of it a microtask later, when the call is over. How many lines one read
// gives is up to the pipe.
function oneByOne(transport) {
  const { onmessage } = transport;
  let turn = Promise.resolve();
  transport.onmessage = (...message) => {
    turn = turn.then(() => onmessage(...message)).then(() => setImmediate());
  };
}

for (const { called, version, make, Http, Stdio } of clients) {
  for (const way of ['HTTP', 'stdio']) {
    const connected = async (...args) => {
      const client = make();
      const command = { command: NAFTIKO_RUN, args: [...args, '--stdio'], stderr: 'ignore' };
      await client.connect(way === 'HTTP' ? new Http(urls[args[0]]) : new Stdio(command));
      if (way === 'stdio') oneByOne(client.transport);
      return client;
    };

    describe(`${called} over ${way}: everything`, { timeout: 40_000 }, () => {
      let client;
      before(async () => { client = await connected(CONFORMANCE); });
      after(() => client.close());

      test('agrees on a version', () => {
        assert.equal(client.getNegotiatedProtocolVersion?.() ?? version, version);
        assert.equal(client.getInstructions(), 'Answers the official MCP conformance suite.');
      });

      test('lists and reads resources, text and bytes', async () => {
        const { resources } = await client.listResources();
        assert.ok(resources.some(({ uri }) => uri === 'test://static-text'));
        const { contents: [text] } = await client.readResource({ uri: 'test://static-text' });
        assert.equal(text.text, 'This is the content of the static text resource.\n');
        const { contents: [image] } = await client.readResource({ uri: 'test://static-binary' });
        assert.equal(image.mimeType, 'image/png');
        assert.ok(Buffer.from(image.blob, 'base64').subarray(1, 4).equals(Buffer.from('PNG')));
      });

      test('reads a resource of a template', async () => {
        const { resourceTemplates: [template] } = await client.listResourceTemplates();
        assert.equal(template.uriTemplate, 'test://template/{id}/data');
        const { contents: [read] } = await client.readResource({ uri: 'test://template/7/data' });
        assert.match(read.text, /7/);
      });

      test('is told of a resource that is not there', async () => {
        await assert.rejects(client.readResource({ uri: 'test://nothing' }), (error) => {
          assert.ok(RESOURCE_NOT_FOUND.includes(error.code), `${error.code}`);
          return true;
        });
      });

      test('lists and gets prompts', async () => {
        const { prompts } = await client.listPrompts();
        assert.ok(prompts.some(({ name }) => name === 'test_prompt_with_arguments'));
        const { messages: [message] } = await client.getPrompt({
          name: 'test_prompt_with_arguments',
          arguments: { arg1: 'one', arg2: 'two' },
        });
        assert.equal(message.content.text, "Prompt with arguments: arg1='one', arg2='two'");
        await assert.rejects(client.getPrompt({ name: 'test_prompt_with_arguments' }), { code: -32602 });
      });

      test('gets images, and what an upstream that is not there comes to', async () => {
        const { content: [image] } = await client.callTool({ name: 'test_image_content' });
        assert.deepEqual([image.type, image.mimeType], ['image', 'image/png']);
        const failed = await client.callTool({ name: 'test_error_handling' });
        assert.equal(failed.isError, true);
        assert.equal(failed.content[0].type, 'text');
      });

      test('is told of progress', async () => {
        const told = [];
        const options = { onprogress: ({ progress, total }) => told.push([progress, total]) };
        const call = { name: 'test_tool_with_progress', arguments: {} };
        const result = client instanceof SdkClient
          ? await client.callTool(call, undefined, options)
          : await client.callTool(call, options);
        assert.ok(!result.isError, JSON.stringify(result));
        assert.deepEqual(told, [[0, 3], [1, 3], [2, 3], [3, 3]]);
      });
    });

    describe(`${called} over ${way}: an upstream`, { timeout: 40_000 }, () => {
      let client;
      before(async () => { client = await connected(...slow); });
      after(() => client.close());
      const call = (name, options) => client instanceof SdkClient
        ? client.callTool({ name, arguments: {} }, undefined, options)
        : client.callTool({ name, arguments: {} }, options);

      test('gets structured content that fits the schema of the tool, where it has one', async () => {
        await client.listTools(); // the client checks results against the schemas that it has read
        const result = await call('weather');
        assert.deepEqual(result.structuredContent, { degrees: 21.5, sky: 'blue' });
        assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
      });

      // Up to 2025-11-25 a call over HTTP can be called off within a session only, and this server needs none.
      test('calls off a call, which reaches the upstream', { skip: way === 'HTTP' && version !== LATEST }, async () => {
        const leaving = new AbortController();
        const left = once(upstream, 'left', { signal: AbortSignal.timeout(10_000) });
        const waiting = once(upstream, 'waiting');
        const called = call('nothing', { signal: leaving.signal });
        called.catch(() => {});
        await waiting;
        leaving.abort();
        await assert.rejects(called);
        await left;
        assert.ok((await call('weather')).structuredContent);
      });
    });
  }
}
