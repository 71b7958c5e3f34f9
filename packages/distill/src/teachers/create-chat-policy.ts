import { ConfigError, isDgpoError, ModelError } from '@dgpo/trajectory';
import { fieldsOf, onlyChoice } from './answer.js';
import { type ChatSegment, chatMessages, writeToolCall } from './chat-messages.js';
import type { ServerGenerateRequest, ServerGenerateResult, ServerPolicyTokenizer } from './create-server-policy.js';
import { createServerClient, type ServerOptions } from './server-client.js';
import { createTextTokenizer } from './text-tokenizer.js';

/** A tool as the API knows it. */
export interface ChatTool {
  name: string;
  description: string;
  /** JSON Schema of its arguments. */
  parameters: object;
}

export interface ChatPolicyOptions extends ServerOptions {
  /** The model as the server names it; also the policy's name. */
  model: string;
  /**
   * Tools of the API; calls come back as text in the action format `tool-calls` of `@dgpo/envs`. Without them actions are plain text.
   * @default none
   */
  tools?: readonly ChatTool[];
}

/** A row to generate, as in `@dgpo/envs`; the segments of its episode are what is sent. */
export interface ChatGenerateRequest extends Omit<ServerGenerateRequest, 'onToken'> {
  topP?: number;
  episode?: { segments: readonly ChatSegment[] };
}

/** What the turns of an episode took, as the server counts; tokens are absent where it does not say. */
export interface ChatUsage {
  modelCalls: number;
  promptTokens?: number;
  policyTokens?: number;
}

/** A `Policy` of `@dgpo/envs`. */
export interface ChatPolicy extends ServerPolicyTokenizer {
  readonly name: string;
  generate(requests: readonly ChatGenerateRequest[]): Promise<(ServerGenerateResult & { error?: string })[]>;
  /** What an episode took so far; it is forgotten with that. */
  takeUsage(id: string): ChatUsage;
}

interface Reply {
  content: string;
  call: { name: string; arguments: string } | undefined;
  isCut: boolean;
  promptTokens: number | undefined;
  policyTokens: number | undefined;
}

/** Servers leave the stop string out of what they send, so only those are asked for whose place can be told again. */
const isRestorable = (stop: string) => /^<\/[^<>\s]+>$/.test(stop) || stop.endsWith(':');
/** As many as OpenAI's API takes. */
const maxStops = 4;

/** The text up to and with the first stop string; a closing tag that the server cut off is put back. */
function upToStop(text: string, stop: readonly string[], isCut: boolean): string {
  const ends = stop.flatMap((one) => (text.includes(one) ? [text.indexOf(one) + one.length] : []));
  if (ends.length > 0) return text.slice(0, Math.min(...ends));
  const open = stop.filter((one) => one.startsWith('</') && text.includes(one.replace('/', '')));
  const last = open.sort((a, b) => text.lastIndexOf(b.replace('/', '')) - text.lastIndexOf(a.replace('/', '')))[0];
  return isCut || last === undefined ? text : `${text}${last}`;
}

function readReply(answer: unknown): Reply {
  const choice = onlyChoice(answer);
  const message = fieldsOf(choice.message, 'choices.0.message');
  const [first] = Array.isArray(message.tool_calls) ? (message.tool_calls as unknown[]) : [];
  const called =
    first === undefined
      ? undefined
      : fieldsOf(fieldsOf(first, 'message.tool_calls.0').function, 'message.tool_calls.0.function');
  const usage = fieldsOf(fieldsOf(answer, 'its top').usage ?? {}, 'usage');
  const count = (value: unknown) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  return {
    content: typeof message.content === 'string' ? message.content : '',
    call: called === undefined ? undefined : { name: String(called.name), arguments: String(called.arguments ?? '{}') },
    isCut: choice.finish_reason === 'length',
    promptTokens: count(usage.prompt_tokens),
    policyTokens: count(usage.completion_tokens),
  };
}

const plus = (a: number | undefined, b: number | undefined) => (a === undefined || b === undefined ? undefined : a + b);

/**
 * A policy behind `/v1/chat/completions` of any server: the segments of an episode go there as messages, the answer comes back as text.
 * Nothing is known of its tokens: ids are those of {@link createTextTokenizer}, log-probabilities 0; do not train on them. Each row has a
 * seed drawn from its own `random`, which servers honour as well as they can.
 *
 * A row that the server does not answer has an `error` in place of a text; the others are not touched by it.
 *
 * @throws ConfigError for options out of range. `generate` throws the reason of an aborted signal.
 */
export function createChatPolicy(options: ChatPolicyOptions): ChatPolicy {
  const { model, tools = [], ...server } = options;
  if (model.trim() === '') throw new ConfigError('the name of the model is empty', { where: 'model' });
  const client = createServerClient(server);
  const tokenizer = createTextTokenizer();
  const usages = new Map<string, ChatUsage>();
  const usesTools = tools.length > 0;

  function noteUsage(id: string, { promptTokens, policyTokens }: Reply): void {
    const before = usages.get(id) ?? { modelCalls: 0, promptTokens: 0, policyTokens: 0 };
    const read = plus(before.promptTokens, promptTokens);
    const written = plus(before.policyTokens, policyTokens);
    usages.set(id, {
      modelCalls: before.modelCalls + 1,
      ...(read === undefined ? {} : { promptTokens: read }),
      ...(written === undefined ? {} : { policyTokens: written }),
    });
  }

  async function generateRow(request: ChatGenerateRequest, signal: AbortSignal): Promise<ServerGenerateResult> {
    const { id, maxTokens, temperature, topP = 1, stop = [], random, episode } = request;
    const segments = episode?.segments ?? [
      { kind: 'prompt' as const, text: tokenizer.decode(request.contextTokenIds) },
    ];
    const asked = usesTools ? [] : stop.filter(isRestorable).slice(0, maxStops);
    const reply = await client.post({
      path: '/v1/chat/completions',
      body: {
        model,
        messages: chatMessages(segments, usesTools),
        max_tokens: maxTokens,
        temperature,
        top_p: topP,
        seed: random.integer(2 ** 31),
        ...(asked.length === 0 ? {} : { stop: asked }),
        ...(usesTools
          ? { tools: tools.map((tool) => ({ type: 'function', function: tool })), tool_choice: 'auto' }
          : {}),
      },
      read: readReply,
      signal,
    });
    // Only statuses that are named as absent give nothing, and none is.
    if (reply === undefined) throw new ModelError('the server gave nothing', { where: client.url });
    noteUsage(id, reply);
    const { content, call, isCut } = reply;
    const text = call === undefined ? upToStop(content, stop, isCut) : writeToolCall(content, call);
    const tokenIds = tokenizer.encode(text);
    const finishReason = isCut ? 'length' : stop.some((one) => text.endsWith(one)) ? 'stop' : 'end';
    return { tokenIds, logProbs: tokenIds.map(() => 0), text, finishReason };
  }

  return {
    ...tokenizer,
    name: model,
    generate: (requests) =>
      client.call((signal) =>
        Promise.all(
          requests.map(async (request) => {
            try {
              return await generateRow(request, signal);
            } catch (error) {
              signal.throwIfAborted();
              if (!isDgpoError(error)) throw error;
              return { tokenIds: [], logProbs: [], text: '', finishReason: 'end' as const, error: error.message };
            }
          }),
        ),
      ),
    takeUsage(id) {
      const usage = usages.get(id) ?? { modelCalls: 0, promptTokens: 0, policyTokens: 0 };
      usages.delete(id);
      return usage;
    },
  };
}
