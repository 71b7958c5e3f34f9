/**
 * The border of an interpreter's process: frames of JSON over two pipes, read and written synchronously, so that a tool
 * can be called from code that cannot wait. Plain JavaScript, because Node runs it as it is, under the permission flag.
 */
import childProcess from 'node:child_process';
import cluster from 'node:cluster';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs, { readSync, writeSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import workerThreads from 'node:worker_threads';

/** The parent never sends more, and nothing longer may leave. */
const maxFrameBytes = 16 * 1024 * 1024;

/** Pipes of their own: Node makes the standard ones non-blocking as soon as somebody looks at them. */
const incoming = 3;
const outgoing = 4;

const readNow = readSync;
const writeNow = writeSync;

function readBytes(count) {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    const read = readNow(incoming, bytes, at, count - at, null);
    // The parent is gone.
    if (read === 0) process.reallyExit(0);
    at += read;
  }
  return bytes;
}

export function receive() {
  const length = readBytes(4).readUInt32LE(0);
  if (length > maxFrameBytes) process.reallyExit(3);
  return JSON.parse(readBytes(length).toString('utf8'));
}

export function send(message) {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  if (body.length > maxFrameBytes) throw new RangeError('the message is too long');
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32LE(body.length, 0);
  body.copy(frame, 4);
  for (let at = 0; at < frame.length; ) at += writeNow(outgoing, frame, at, frame.length - at, null);
}

/** The real clock, for deadlines alone. */
export const now = performance.now.bind(performance);

/** What code may learn of time and chance: the same in every replay. Each reading of the clock advances it by a millisecond. */
const epoch = Date.UTC(2020, 0, 1);
const seed = 0x9e3779b9;
let running = false;
let ticks = 0;
let chance = seed;

/** From here on the clock runs; while an interpreter starts, how often it is read is left to chance. */
export function resetSenses() {
  running = true;
  ticks = 0;
  chance = seed;
}

/** @param {Uint8Array} bytes */
export function fillBytes(bytes) {
  for (let index = 0; index < bytes.length; index++) {
    chance = (Math.imul(chance, 1664525) + 1013904223) >>> 0;
    bytes[index] = chance >>> 24;
  }
  return bytes;
}

function replaceSenses() {
  crypto.randomFillSync = fillBytes;
  Date.now = () => epoch + (running ? ticks++ : 0);
  performance.now = () => (running ? ticks++ : 0);
  Math.random = () => {
    const [a, b, c] = fillBytes(new Uint8Array(3));
    return (a * 65536 + b * 256 + c) / 16777216;
  };
  Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues: fillBytes }, configurable: true });
}

/**
 * Takes from this process what could reach outside it, before an interpreter is loaded: a third line behind the interpreter's own
 * walls and Node's permission flag, which says nothing about the network before Node 25.
 */
export function harden() {
  process.env.TZ = 'UTC';
  // Node would print the source around it, which is one line of a megabyte.
  process.on('uncaughtException', (error) => {
    send({ type: 'failed', message: String(error?.stack ?? error).slice(0, 1000) });
    process.reallyExit(1);
  });
  const deny = () => {
    throw new Error('not available in the sandbox');
  };
  // Classes stay, since Node's own modules inherit from them; their methods go.
  const denyAll = (target) => {
    for (const name of Object.getOwnPropertyNames(target)) {
      const { writable, value } = Object.getOwnPropertyDescriptor(target, name) ?? {};
      const isClass = /^[A-Z]/.test(name);
      if (writable === true && typeof value === 'function' && !isClass && name !== 'constructor') target[name] = deny;
    }
  };
  for (const target of [childProcess, cluster, dgram, dns, dns.promises, http, http2, https, net, tls, workerThreads]) {
    denyAll(target);
  }
  for (const { prototype } of [
    childProcess.ChildProcess,
    dgram.Socket,
    dns.Resolver,
    dns.promises.Resolver,
    net.Server,
  ]) {
    denyAll(prototype);
  }
  net.Socket.prototype.connect = deny;
  workerThreads.Worker = deny;
  for (const name of ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'Worker', 'BroadcastChannel']) {
    delete globalThis[name];
  }
  // Emscripten asks for the flags of `open` alone.
  const { constants } = fs;
  process.binding = (name) => (name === 'constants' ? { fs: { ...constants } } : deny());
  for (const name of ['_linkedBinding', 'dlopen', 'kill', '_kill', 'chdir', 'getBuiltinModule', 'loadEnvFile']) {
    process[name] = deny;
  }
  syncBuiltinESMExports();
  replaceSenses();
}

/** After loading: nothing more is read from disk either. */
export function closeFiles() {
  for (const module of [fs, fs.promises]) {
    for (const name of Object.keys(module)) {
      if (typeof module[name] !== 'function') continue;
      Object.defineProperty(module, name, {
        value: () => {
          throw new Error('not available in the sandbox');
        },
      });
    }
  }
  syncBuiltinESMExports();
}
