// The debugger of scripts: the command `evroute dap`, wherever the setting `evroute.command` says that it is.

const vscode = require("vscode");

function createDebugAdapterDescriptor(session) {
  const folder = session.workspaceFolder;
  const command = vscode.workspace.getConfiguration("evroute", folder).get("command") || "evroute";
  return new vscode.DebugAdapterExecutable(command, ["dap"], folder ? { cwd: folder.uri.fsPath } : {});
}

exports.activate = (context) => {
  const factory = { createDebugAdapterDescriptor };
  context.subscriptions.push(vscode.debug.registerDebugAdapterDescriptorFactory("opensips", factory));
};
