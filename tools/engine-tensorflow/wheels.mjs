import { Failure } from './failure.mjs';

/** The release of TensorFlow that this script installs. */
export const tensorflowVersion = '2.21.0';

// The C library in a wheel does not depend on the version of Python that the wheel is for: one is as good as another.
const python = { version: '3.11', tag: 'cp311' };

const wheels = [
  {
    project: 'tensorflow-cpu',
    gpu: false,
    arch: 'x64',
    platform: 'manylinux_2_27_x86_64',
    mebibytes: 262,
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  },
  {
    project: 'tensorflow',
    gpu: true,
    arch: 'x64',
    platform: 'manylinux_2_27_x86_64',
    mebibytes: 546,
    sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  },
  {
    project: 'tensorflow',
    gpu: false,
    arch: 'arm64',
    platform: 'manylinux_2_27_aarch64',
    mebibytes: 269,
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  },
];

const elsewhere = {
  darwin: 'on macOS use @tensorflow/tfjs-node with its own installer, or the engine wasm or webgpu',
  win32:
    'the Windows wheels hold no C library: use @tensorflow/tfjs-node with its own installer, WSL 2, or the engine wasm or webgpu',
};

/** What decides which wheel fits: `glibc` is undefined where the C library is another one. */
export function thisMachine() {
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: process.platform === 'linux' ? process.report.getReport().header.glibcVersionRuntime : undefined,
  };
}

/**
 * The wheel for a machine.
 *
 * @throws Failure that says what is possible there instead
 */
export function chooseWheel({ gpu, machine }) {
  const { platform, arch, glibc } = machine;
  if (platform !== 'linux') {
    throw new Failure(
      `no wheel for ${platform}: ${elsewhere[platform] ?? 'use the engine wasm, which npm alone provides'}`,
    );
  }
  if (glibc === undefined) {
    throw new Failure('no wheel for Linux with musl (Alpine): use an image with glibc, or the engine wasm');
  }
  const [major, minor] = glibc.split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 27)) {
    throw new Failure(`the wheels need glibc 2.27 or newer, here is ${glibc}: use a newer system, or the engine wasm`);
  }
  const wheel = wheels.find((candidate) => candidate.gpu === gpu && candidate.arch === arch);
  if (wheel === undefined) {
    const instead =
      gpu && wheels.some((candidate) => candidate.arch === arch) ? 'leave --gpu away' : 'use the engine wasm';
    throw new Failure(`no wheel${gpu ? ' with CUDA' : ''} for Linux on ${arch}: ${instead}`);
  }
  const name = wheel.project.replaceAll('-', '_');
  const file = `${name}-${tensorflowVersion}-${python.tag}-${python.tag}-${wheel.platform}.whl`;
  return { ...wheel, version: tensorflowVersion, python, file };
}
