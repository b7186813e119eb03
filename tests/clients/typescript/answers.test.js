// Answers of tools with an `outputSchema`, as they come to the official clients: MCP_ANSWERS is the server's URL.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as modern from '@modelcontextprotocol/client';
import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SdkTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const url = process.env.MCP_ANSWERS;
const NAME = { name: 'naftiko-run-client-tests', version: '1' };

const clients = {
  'sdk 1.x': [() => new SdkClient(NAME), SdkTransport],
  'client 2.x as it comes': [() => new modern.Client(NAME), modern.StreamableHTTPClientTransport],
  'client 2.x negotiating': [
    () => new modern.Client(NAME, { versionNegotiation: { mode: 'auto' } }),
    modern.StreamableHTTPClientTransport,
  ],
};

for (const [called, [make, Transport]] of Object.entries(clients)) {
  describe(called, { timeout: 20_000, skip: !url }, () => {
    const client = make();
    const call = async (name, given) => {
      const result = await client.callTool({ name, arguments: { given } });
      return { ...result, texts: result.content.map((each) => each.text) };
    };

    before(async () => {
      await client.connect(new Transport(new URL(url)));
      const { tools } = await client.listTools();
      assert.deepEqual(tools.map((each) => !!each.outputSchema), [true, true, true]);
    });
    after(() => client.close());

    test('an answer as promised', async () => {
      assert.deepEqual((await call('object', 5)).structuredContent, { id: 5, status: null });
      assert.deepEqual((await call('list', [1, 2])).texts, ['[1,2]']);
      assert.deepEqual((await call('number', 5)).texts, ['5']);
    });

    test('an answer that is not as promised is there, with a warning', async () => {
      for (const [name, given, text] of [
        ['object', 'five', '{"id":"five","status":null}'],
        ['list', ['many'], '["many"]'],
        ['number', [1], '[1]'],
      ]) {
        const { isError, texts, structuredContent } = await call(name, given);
        assert.ok(!isError);
        assert.equal(texts[0], text);
        assert.match(texts[1], /does not conform to the tool's outputSchema/);
        assert.deepEqual(structuredContent, { answer: JSON.parse(text), warning: texts[1] });
      }
    });

    test('null, which is nothing found', async () => {
      for (const [name, given] of [['list', null], ['list', { a: 1 }], ['number', null]]) {
        const { texts, structuredContent } = await call(name, given);
        assert.deepEqual([texts, structuredContent], [['null'], { result: null }]);
      }
    });

    test('an answer without content', async () => {
      const { isError, texts } = await call('list', 'nothing');
      assert.ok(!isError);
      assert.deepEqual(texts, ['204 No Content, without content']);
    });

    test('an error of the upstream', async () => {
      for (const name of ['object', 'list', 'number']) {
        const { isError, texts } = await call(name, 'error');
        assert.ok(isError);
        assert.match(texts[0], /The upstream responded with 410 Gone/);
      }
    });
  });
}
