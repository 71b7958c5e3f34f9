import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { runCommand, tellingLine } from './run-command.mjs';

/** The newest N-API version that @tensorflow/tfjs-node 4.22 looks for; every Node that we support has it. */
const napiVersion = 8;

/**
 * Compiles the binding that the npm package carries, to where the package looks for it.
 *
 * @throws Failure with the line of the compiler that says most
 */
export async function buildBinding({ packageFolder, toolchain }) {
  const { python, nodeGyp, nodeHeaders } = toolchain;
  const { code, stdout, stderr } = await runCommand(
    process.execPath,
    [
      ...[nodeGyp, 'rebuild', '--loglevel=warn', `--python=${python}`],
      ...(nodeHeaders === undefined ? [] : [`--nodedir=${nodeHeaders}`]),
      '--module_name=tfjs_binding',
      `--module_path=${join(packageFolder, 'lib', `napi-v${napiVersion}`)}`,
      `--napi_build_version=${napiVersion}`,
    ],
    { cwd: packageFolder },
  );
  if (code === 0) {
    await rm(join(packageFolder, 'build'), { recursive: true, force: true });
    return;
  }
  const printed = stdout + stderr;
  if (/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|response downloading|Could not (connect|download)/i.test(printed)) {
    throw new Failure(
      "node-gyp cannot download Node's headers: install them (Debian: apt install libnode-dev) and name their prefix in npm_config_nodedir",
    );
  }
  if (/No space left on device/.test(printed)) throw new Failure('the disk is full');
  throw new Failure(`the binding did not compile: ${tellingLine(printed)}`);
}
