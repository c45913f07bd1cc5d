// The debugger as VS Code speaks with it: its own client for tests of debug adapters, and the extension's own code.
// Run by test_vscode.py, which says by EVROUTE where the command is.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createSocket } from "node:dgram";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import Module from "node:module";

const require = createRequire(import.meta.url);
const { DebugClient } = require("@vscode/debugadapter-testsupport");

const SCRIPT = `event_route[E_X] {
    $var(n) = $param(n);

    route(inner, 7);
    xlog("n is $var(n)\\n");
}
route[inner] {
    $var(n) = $var(n) + 1;
}
`;
const folder = mkdtempSync(join(tmpdir(), "evroute-"));
const program = join(folder, "x.cfg");
writeFileSync(program, SCRIPT);
after(() => rmSync(folder, { recursive: true }));

let client;
beforeEach(async () => {
  client = new DebugClient(process.env.EVROUTE, "dap", "opensips");
  client.defaultTimeout = 60_000;
  await client.start();
});
afterEach(() => client?.stop());

async function disconnect() {
  await client.disconnectRequest();
  client = null; // it would disconnect once more
}

const stopped = () => client.waitForEvent("stopped");
const frames = async (threadId) => (await client.stackTraceRequest({ threadId })).body.stackFrames;

async function scope(frameId, name) {
  const { scopes } = (await client.scopesRequest({ frameId })).body;
  return scopes.find((each) => each.name === name).variablesReference;
}

async function value(variablesReference, name) {
  const { variables } = (await client.variablesRequest({ variablesReference })).body;
  return variables.find((each) => each.name === name)?.value;
}

async function begin(breakpoints, how = () => client.launch({ program, events: ["E_X n=1"] })) {
  const [, , { body }] = await Promise.all([
    client.waitForEvent("initialized"),
    how(),
    client.waitForEvent("initialized").then(() => client.setBreakpointsRequest({ source: { path: program }, breakpoints })),
  ]);
  return body.breakpoints;
}

describe("launch", () => {
  test("a breakpoint is hit", () =>
    client.hitBreakpoint({ program, events: ["E_X n=1"] }, { path: program, line: 4 }));

  test("a breakpoint on a blank line moves to the next statement", async () => {
    const [placed] = await begin([{ line: 3 }]);
    assert.deepEqual([placed.verified, placed.line], [true, 4]);
  });

  test("steps, stack, scopes, variables and their change", async () => {
    await begin([{ line: 4 }]);
    const [{ body }] = await Promise.all([stopped(), client.configurationDoneRequest()]);
    const { threadId } = body;
    assert.ok((await client.threadsRequest()).body.threads.some((thread) => thread.id === threadId));
    await Promise.all([client.stepInRequest({ threadId }), client.assertStoppedLocation("step", { path: program, line: 8 })]);
    const [inner, outer] = await frames(threadId);
    assert.deepEqual([inner.name, outer.name], ["route[inner]", "event_route[E_X]"]);
    const run = await scope(inner.id, "Run");
    assert.equal(await value(run, "$param(1)"), "7");
    assert.equal(await value(await scope(outer.id, "Run"), "$param(n)"), "1");
    assert.equal(await value(run, "$var(n)"), "1");
    const set = await client.setVariableRequest({ variablesReference: run, name: "$var(n)", value: "40" });
    assert.equal(set.body.value, "40");
    await Promise.all([client.nextRequest({ threadId }), stopped()]);
    const [top] = await frames(threadId);
    const told = await client.evaluateRequest({ expression: "$var(n) + 1", frameId: top.id, context: "watch" });
    assert.equal(told.body.result, "42");
    await Promise.all([
      client.continueRequest({ threadId }),
      client.assertOutput("stdout", "n is 41\n"),
      client.waitForEvent("exited").then((event) => assert.equal(event.body.exitCode, 0)),
      client.waitForEvent("terminated"),
    ]);
  });

  test("a condition, and a text to log", async () => {
    await begin(
      [{ line: 2, logMessage: "n={$param(n)}" }, { line: 4, condition: "$var(n) == 2" }],
      () => client.launch({ program, events: ["E_X n=1", "E_X n=2", "E_X n=4"] }),
    );
    const logged = client.assertOutput("console", "n=1\nn=2\n");
    const [{ body }] = await Promise.all([stopped(), client.configurationDoneRequest()]);
    await logged;
    const [frame] = await frames(body.threadId);
    assert.equal((await client.evaluateRequest({ expression: "$param(n)", frameId: frame.id })).body.result, "2");
    await Promise.all([client.continueRequest({ threadId: body.threadId }), client.waitForEvent("terminated")]);
  });

  test("a condition that does not compile is told at the breakpoint", async () => {
    const [placed] = await begin([{ line: 4, condition: "$var(n) ==" }]);
    assert.equal(placed.verified, false);
    assert.ok(placed.message);
  });

  test("the filter of diagnostics", async () => {
    const failing = join(folder, "failing.cfg");
    writeFileSync(failing, 'event_route[E_X] {\n    $var(n) = 1;\n    $var(n) = $var(n) / 0;\n}\n');
    await Promise.all([client.waitForEvent("initialized"), client.launch({ program: failing, events: ["E_X"] })]);
    await client.setExceptionBreakpointsRequest({ filters: ["errors", "warnings"] });
    await Promise.all([client.configurationDoneRequest(), client.assertStoppedLocation("exception", { path: failing, line: 3 })]);
  });

  test("a script with errors is refused with its place", async () => {
    const wrong = join(folder, "wrong.cfg");
    writeFileSync(wrong, "event_route[E_X] {\n    $var(n) = ;\n}\n");
    await assert.rejects(client.launch({ program: wrong }), /wrong\.cfg:2:[^]*\^/);
  });

  test("it is restarted, and disconnected while it stands still", async () => {
    await begin([{ line: 4 }]);
    await Promise.all([stopped(), client.configurationDoneRequest()]);
    await Promise.all([client.restartRequest({}), stopped()]);
    await disconnect();
  });
});

describe("attach", () => {
  const path = join(folder, "debug.sock");
  let server, port, token;

  before(async () => {
    server = spawn(process.env.EVROUTE, ["serve", program, "--mi", "datagram:127.0.0.1:0", "--debug", path]);
    server.stderr.setEncoding("utf-8");
    let said = "";
    await new Promise((found) =>
      server.stderr.on("data", (text) => {
        said += text;
        port = /datagram:127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        token = /with the token (\S+)\)/.exec(said)?.[1];
        if (port && token) found();
      }),
    );
  });
  after(() => server.kill());

  function raise() {
    const socket = createSocket("udp4");
    const request = { jsonrpc: "2.0", id: 1, method: "raise_event", params: ["E_X", '{"n": 1}'] };
    socket.send(JSON.stringify(request), Number(port), "127.0.0.1", () => socket.close());
  }

  test("without the token it is refused", async () => {
    await client.initializeRequest();
    await assert.rejects(client.attachRequest({ socket: path, token: "wrong" }), /needs the token/);
  });

  test("with the token a served script stops, and serves on", async () => {
    await client.initializeRequest();
    await Promise.all([client.waitForEvent("initialized"), client.attachRequest({ socket: path, token })]);
    await client.setBreakpointsRequest({ source: { path: program }, breakpoints: [{ line: 5 }] });
    await client.configurationDoneRequest();
    const [{ body }] = await Promise.all([stopped(), raise()]);
    const [frame] = await frames(body.threadId);
    assert.deepEqual([frame.line, frame.source.path], [5, program]);
    const ran = new Promise((found) => server.stdout.once("data", (data) => found(String(data))));
    await disconnect();
    assert.match(await ran, /^n is 2/); // the end of the line may come by itself
    assert.equal(server.exitCode, null);
  });
});

test("the extension starts the command that the settings name", () => {
  const made = [];
  const vscode = {
    DebugAdapterExecutable: class {
      constructor(command, args, options) {
        Object.assign(this, { command, args, options });
      }
    },
    workspace: { getConfiguration: (section) => ({ get: (name) => `${section}/${name}` }) },
    debug: { registerDebugAdapterDescriptorFactory: (type, factory) => made.push([type, factory]) },
  };
  const load = Module._load;
  Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
  try {
    require("../../editors/vscode/extension.js").activate({ subscriptions: [] });
  } finally {
    Module._load = load;
  }
  const [[type, factory]] = made;
  const folder = { uri: { fsPath: "/project" } };
  const { command, args, options } = factory.createDebugAdapterDescriptor({ workspaceFolder: folder });
  assert.deepEqual([type, command, args, options.cwd], ["opensips", "evroute/command", ["dap"], "/project"]);
});
