// The official TypeScript clients of both protocol eras against the server at MCP_ORIGIN.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as modern from '@modelcontextprotocol/client';
import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SdkTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const origin = process.env.MCP_ORIGIN;
assert.ok(origin, 'MCP_ORIGIN must name the MCP server, such as http://127.0.0.1:9090');

const NAME = { name: 'naftiko-run-client-tests', version: '1' };
const EVENT = { userId: 'u1', event: 'signup' };
const INVALID_PARAMS = -32602;

const modernClient = (versionNegotiation) => () => ({
  client: new modern.Client(NAME, { versionNegotiation }),
  Transport: modern.StreamableHTTPClientTransport,
});

const clients = [
  {
    called: 'sdk 1.x',
    version: '2025-11-25',
    make: () => ({ client: new SdkClient(NAME), Transport: SdkTransport }),
  },
  { called: 'client 2.x as it comes', version: '2025-11-25', make: modernClient(undefined) },
  { called: 'client 2.x negotiating', version: '2026-07-28', make: modernClient({ mode: 'auto' }) },
  {
    called: 'client 2.x pinned',
    version: '2026-07-28',
    make: modernClient({ mode: { pin: '2026-07-28' } }),
  },
];

for (const { called, version, make } of clients) {
  for (const path of ['/mcp', '/']) {
    describe(`${called} at ${path}`, { timeout: 20_000 }, () => {
      const { client, Transport } = make();
      const transport = new Transport(new URL(path, origin));
      const call = (name, args) => client.callTool({ name, arguments: args });

      before(() => client.connect(transport));
      after(() => client.close());

      test(`agrees on ${version} with the server, without a session`, () => {
        assert.equal(transport.protocolVersion, version);
        assert.equal(transport.sessionId, undefined);
        assert.equal(client.getServerVersion().name, 'pipelines-track-mcp');
      });

      test('lists the one tool, with the inferred schema and the hints', async () => {
        const { tools } = await client.listTools();
        assert.deepEqual(tools, [
          {
            name: 'track-event',
            description: 'Track an event',
            inputSchema: {
              type: 'object',
              properties: { body: { type: 'object', description: 'Request body (JSON).' } },
              required: ['body'],
            },
            annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
          },
        ]);
      });

      test('gets a result as structured content and as text', async () => {
        const result = await call('track-event', { body: EVENT });
        assert.ok(!result.isError, JSON.stringify(result));
        const { method, url, body } = result.structuredContent.sandbox.wouldSend;
        assert.deepEqual({ method, url, body }, {
          method: 'POST',
          url: 'https://cdp.customer.io/v1/track',
          body: EVENT,
        });
        assert.equal(result.content.length, 1);
        assert.equal(result.content[0].type, 'text');
        assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
      });

      test('is told which argument is missing', async () => {
        const result = await call('track-event', {});
        assert.equal(result.isError, true);
        assert.match(result.content[0].text, /\/body\b/);
      });

      test('is told that a tool does not exist', async () => {
        await assert.rejects(call('no-such-tool', {}), (error) => {
          assert.equal(error.code, INVALID_PARAMS);
          assert.match(error.message, /no-such-tool/);
          return true;
        });
      });
    });
  }
}
