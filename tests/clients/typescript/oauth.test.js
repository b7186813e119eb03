// The official TypeScript clients' OAuth flow, against the server at OAUTH_URL and its authorization server.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as modern from '@modelcontextprotocol/client';
import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SdkHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { OAUTH_URL } = process.env;
assert.ok(OAUTH_URL, 'OAUTH_URL must name the MCP server');

const NAME = { name: 'naftiko-run-client-tests', version: '1' };
const CALLBACK = 'http://127.0.0.1:3030/callback';

// Keeps what a client is given, and consents to some scopes, or to all, when sent to the authorization server.
class Person {
  scopes = '';
  visits = [];
  redirectUrl = CALLBACK;
  clientMetadata = {
    client_name: 'a client',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };

  clientInformation() { return this.information; }
  saveClientInformation(information) { this.information = information; }
  tokens() { return this.kept; }
  saveTokens(tokens) { this.kept = tokens; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
  saveDiscoveryState(found) { this.found = found; }
  discoveryState() { return this.found; }

  async redirectToAuthorization(url) {
    this.visits.push(url);
    const page = await (await fetch(url)).json();
    const form = new URLSearchParams({ scope: this.scopes || page.scope });
    const answer = await fetch(url, { method: 'POST', body: form, redirect: 'manual' });
    this.returned = new URL(answer.headers.get('location')).searchParams;
  }
}

const clients = [
  { called: 'sdk 1.x', make: () => new SdkClient(NAME), Http: SdkHttp, came: (back) => back.get('code') },
  ...[undefined, { mode: 'auto' }].map((versionNegotiation) => ({
    called: versionNegotiation ? 'client 2.x negotiating' : 'client 2.x as it comes',
    make: () => new modern.Client(NAME, { versionNegotiation }),
    Http: modern.StreamableHTTPClientTransport,
    came: (back) => back,
  })),
];

for (const { called, make, Http, came } of clients) {
  describe(called, { timeout: 20_000 }, () => {
    const start = (person) => {
      const transport = new Http(new URL(OAUTH_URL), { authProvider: person });
      return { client: make(), transport };
    };

    // Sends the user to consent, as often as that is asked for, until the tool was called.
    async function calledWith(person) {
      for (let visits = 0; visits < 3; visits += 1) {
        const { client, transport } = start(person);
        try {
          await client.connect(transport);
          return await client.callTool({ name: 'shop-tool', arguments: {} });
        } catch (error) {
          if (!person.returned) throw error;
          await transport.finishAuth(came(person.returned));
          person.returned = undefined;
          person.scopes = '';
        } finally {
          await client.close();
        }
      }
      throw new Error('consent was not enough');
    }

    test('comes to call a tool, and asks the user once', async () => {
      const person = new Person();
      assert.deepEqual((await calledWith(person)).structuredContent, { ok: true });
      const [visit] = person.visits;
      assert.equal(person.visits.length, 1);
      assert.equal(visit.searchParams.get('resource'), OAUTH_URL);
      assert.equal(visit.searchParams.get('scope'), 'read write');
      assert.equal(visit.searchParams.get('code_challenge_method'), 'S256');
    });

    test('asks the user again where too little was allowed', async () => {
      const person = new Person();
      person.scopes = 'read';
      // With a refresh token sdk 1.x renews the token that allows too little, and gives up.
      person.clientMetadata.grant_types = ['authorization_code'];
      assert.deepEqual((await calledWith(person)).structuredContent, { ok: true });
      assert.equal(person.visits.length, 2);
      assert.equal(person.kept.scope, 'read write');
    });
  });
}
