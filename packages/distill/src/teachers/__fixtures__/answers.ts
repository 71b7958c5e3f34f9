/**
 * What servers answer about the prompt 5 9 2 7 with the two best alternatives, written by hand after their documentation. At index 1 the
 * token is the best one, at index 2 it is neither of the two, at index 3 the second.
 */
export const prompt = [5, 9, 2, 7];

/** vLLM, `prompt_logprobs: 2`: keys are ids, the token that is there comes first. */
export const vllmAnswer = {
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1750000000,
  model: 'teacher',
  choices: [
    {
      index: 0,
      text: ' the',
      logprobs: null,
      finish_reason: 'length',
      stop_reason: null,
      token_ids: [3],
      prompt_token_ids: [5, 9, 2, 7],
      prompt_logprobs: [
        null,
        {
          '9': { logprob: -0.25, rank: 1, decoded_token: ' capital' },
          '4': { logprob: -2.5, rank: 2, decoded_token: ' river' },
        },
        {
          '2': { logprob: -7.5, rank: 40, decoded_token: ' of' },
          '6': { logprob: -0.5, rank: 1, decoded_token: ' is' },
          '1': { logprob: -1.5, rank: 2, decoded_token: ' was' },
        },
        {
          '7': { logprob: -1, rank: 2, decoded_token: ' Peru' },
          '8': { logprob: -0.75, rank: 1, decoded_token: ' Chile' },
        },
      ],
    },
  ],
  usage: { prompt_tokens: 4, total_tokens: 5, completion_tokens: 1 },
};

/** An OpenAI-compatible server with `echo` and ids for names; the last token is the one that was sampled. */
export const openaiAnswer = {
  id: 'cmpl-2',
  object: 'text_completion',
  created: 1750000000,
  model: 'teacher',
  choices: [
    {
      index: 0,
      text: 'The capital of Peru the',
      finish_reason: 'length',
      logprobs: {
        text_offset: [0, 3, 11, 14, 19],
        tokens: ['token_id:5', 'token_id:9', 'token_id:2', 'token_id:7', 'token_id:3'],
        token_logprobs: [null, -0.25, -7.5, -1, -3],
        top_logprobs: [
          null,
          { 'token_id:9': -0.25, 'token_id:4': -2.5 },
          { 'token_id:2': -7.5, 'token_id:6': -0.5, 'token_id:1': -1.5 },
          { 'token_id:7': -1, 'token_id:8': -0.75 },
          { 'token_id:3': -3, 'token_id:8': -0.1 },
        ],
      },
    },
  ],
  usage: { prompt_tokens: 4, total_tokens: 5, completion_tokens: 1 },
};

/** SGLang's `/generate` with `logprob_start_len: 0`: `[logprob, id, text]`. */
export const sglangAnswer = {
  text: ' the',
  output_ids: [3],
  meta_info: {
    id: '4f0b',
    finish_reason: { type: 'length', length: 1 },
    prompt_tokens: 4,
    completion_tokens: 1,
    cached_tokens: 0,
    input_token_logprobs: [
      [null, 5, null],
      [-0.25, 9, null],
      [-7.5, 2, null],
      [-1, 7, null],
    ],
    input_top_logprobs: [
      null,
      [
        [-0.25, 9, null],
        [-2.5, 4, null],
      ],
      [
        [-0.5, 6, null],
        [-1.5, 1, null],
      ],
      [
        [-0.75, 8, null],
        [-1, 7, null],
      ],
    ],
    output_token_logprobs: [[-3, 3, null]],
    output_top_logprobs: [
      [
        [-0.1, 8, null],
        [-2.9, 4, null],
      ],
    ],
  },
};

/** What was sampled after a prompt, as vLLM tells it: ` Lima`, `</answer>`. */
export const vllmSample = {
  choices: [
    {
      index: 0,
      text: ' Lima',
      logprobs: {
        text_offset: [0, 5],
        tokens: ['token_id:3', 'token_id:1'],
        token_logprobs: [-0.5, -0.125],
        top_logprobs: [{ 'token_id:3': -0.5 }, { 'token_id:1': -0.125 }],
      },
      finish_reason: 'stop',
      stop_reason: '</answer>',
      token_ids: [3, 1],
      prompt_token_ids: [5, 9],
      prompt_logprobs: null,
    },
  ],
};

/** The same by SGLang. */
export const sglangSample = {
  text: ' Lima',
  output_ids: [3, 1],
  meta_info: {
    finish_reason: { type: 'stop', matched: '</answer>' },
    prompt_tokens: 2,
    completion_tokens: 2,
    output_token_logprobs: [
      [-0.5, 3, null],
      [-0.125, 1, null],
    ],
  },
};
