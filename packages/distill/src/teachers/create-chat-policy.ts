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
  /**
   * Encodes the episodes, such as the student's for demonstrations: a turn is then cut at its limit of these tokens.
   * @default {@link createTextTokenizer}, whose ids are those of no model
   */
  tokenizer?: ServerPolicyTokenizer;
  /**
   * Whether the server goes on with a message of the assistant at the end (`continue_final_message` of vLLM and SGLang); without it a turn
   * cannot begin with a prefix. @default false
   */
  continueFinalMessage?: boolean;
}

/** A row to generate, as in `@dgpo/envs`; the segments of its episode are what is sent. */
export interface ChatGenerateRequest extends Omit<ServerGenerateRequest, 'onToken'> {
  topP?: number;
  /** What the turn begins with already; the result goes on from there. */
  turnPrefix?: string;
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

/** Stands after the fence of a block of code, where many models leave it out. Source: `CodeAgent` of smolagents, which puts it there. */
const endOfCode = '<end_code>';

/** Servers leave the stop string out of what they send, so only those are asked for whose place can be told again. */
const isRestorable = (stop: string) => /^<\/[^<>\s]+>$/.test(stop) || stop.endsWith(':') || stop === endOfCode;
/** As many as OpenAI's API takes. */
const maxStops = 4;

/** The text up to and with the first stop string; a closing tag, or the end of code, that the server cut off is put back. */
function upToStop(text: string, stop: readonly string[], isCut: boolean): string {
  const ends = stop.flatMap((one) => (text.includes(one) ? [text.indexOf(one) + one.length] : []));
  if (ends.length > 0) return text.slice(0, Math.min(...ends));
  if (!isCut && stop.includes(endOfCode) && text.trimEnd().endsWith('```')) return `${text.trimEnd()}${endOfCode}`;
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
 * Nothing is known of its tokens: ids are those of `tokenizer` or of {@link createTextTokenizer}, on which nothing can be trained, and
 * log-probabilities are 0, which stands for none. Each row has a seed drawn from its own `random`, which servers honour as well as they can.
 *
 * A row that the server does not answer has an `error` in place of a text; the others are not touched by it.
 *
 * @throws ConfigError for options out of range. `generate` throws the reason of an aborted signal, and ConfigError for a turn with a prefix
 * without `continueFinalMessage`.
 */
export function createChatPolicy(options: ChatPolicyOptions): ChatPolicy {
  const { model, tools = [], tokenizer = createTextTokenizer(), continueFinalMessage = false, ...server } = options;
  if (model.trim() === '') throw new ConfigError('the name of the model is empty', { where: 'model' });
  const client = createServerClient(server);
  const countsTokens = options.tokenizer !== undefined;
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

  /** A turn as ids; no longer than it may be, where they are a model's. */
  function encodeTurn(text: string, maxTokens: number): { text: string; tokenIds: number[]; isCut: boolean } {
    // Tags of the action protocol are tokens of their own: the text is the policy's, no document's.
    const tokenIds = tokenizer.encode(text, { allowSpecial: true });
    if (!countsTokens || tokenIds.length <= maxTokens) return { text, tokenIds, isCut: false };
    const kept = tokenIds.slice(0, maxTokens);
    return { text: tokenizer.decode(kept), tokenIds: kept, isCut: true };
  }

  async function generateRow(request: ChatGenerateRequest, signal: AbortSignal): Promise<ServerGenerateResult> {
    const { id, maxTokens, temperature, topP = 1, stop = [], random, turnPrefix = '', episode } = request;
    const segments = episode?.segments ?? [
      { kind: 'prompt' as const, text: tokenizer.decode(request.contextTokenIds) },
    ];
    const asked = usesTools ? [] : stop.filter(isRestorable).slice(0, maxStops);
    const reply = await client.post({
      path: '/v1/chat/completions',
      body: {
        model,
        messages: [
          ...chatMessages(segments, usesTools),
          ...(turnPrefix === '' ? [] : [{ role: 'assistant', content: turnPrefix }]),
        ],
        ...(turnPrefix === '' ? {} : { continue_final_message: true, add_generation_prompt: false }),
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
    const { content, call } = reply;
    const written =
      call === undefined
        ? upToStop(`${turnPrefix}${content}`, stop, reply.isCut).slice(turnPrefix.length)
        : writeToolCall(content, call);
    const { text, tokenIds, isCut } = encodeTurn(written, maxTokens);
    const finishReason = reply.isCut || isCut ? 'length' : stop.some((one) => text.endsWith(one)) ? 'stop' : 'end';
    return { tokenIds, logProbs: tokenIds.map(() => 0), text, finishReason };
  }

  const { renderChat, maxContextTokens } = tokenizer;
  return {
    name: model,
    encode: (text, encoding) => tokenizer.encode(text, encoding),
    decode: (ids) => tokenizer.decode(ids),
    ...(renderChat === undefined ? {} : { renderChat: (messages) => renderChat.call(tokenizer, messages) }),
    ...(maxContextTokens === undefined ? {} : { maxContextTokens }),
    generate: async (requests) => {
      if (!continueFinalMessage && requests.some(({ turnPrefix = '' }) => turnPrefix !== '')) {
        throw new ConfigError(
          'a turn begins with a prefix, which chat completions take only from servers that go on with a final message (vLLM, SGLang); ' +
            'set it for such a server, else leave prefixes out',
          { where: 'continueFinalMessage' },
        );
      }
      return client.call((signal) =>
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
      );
    },
    takeUsage(id) {
      const usage = usages.get(id) ?? { modelCalls: 0, promptTokens: 0, policyTokens: 0 };
      usages.delete(id);
      return usage;
    },
  };
}
