import { createGraph } from './onnx-graph.mjs';

/** `[out, in]` of a linear layer of PyTorch as the `[in, out]` that MatMul takes. */
function transposed({ shape: [rows, columns], data }) {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column];
  }
  return { shape: [columns, rows], data: result };
}

/**
 * A BERT encoder (Devlin et al., 2019, https://arxiv.org/abs/1810.04805; names of the weights as in Hugging Face's `BertModel`) as an
 * ONNX file: `last_hidden_state` `[batch, sequence, hidden]`, or, where the weights hold a `classifier`, `logits` `[batch, labels]`.
 *
 * @param options.config config.json of the model
 * @param options.weight gives `{ shape, data }` of the named weight, or undefined
 * @returns the bytes of the file as chunks
 */
export function bertOnnx({ config, weight }) {
  if (
    config.model_type !== 'bert' ||
    config.hidden_act !== 'gelu' ||
    config.position_embedding_type === 'relative_key'
  ) {
    throw new Error('only BERT with gelu and absolute positions can be converted');
  }
  const {
    hidden_size: hidden,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    layer_norm_eps: epsilon,
  } = config;
  const graph = createGraph();
  const { apply, floats, integers, index } = graph;
  const prefix = weight('embeddings.word_embeddings.weight') === undefined ? 'bert.' : '';
  const given = (name) => {
    const found = weight(name);
    if (found === undefined) throw new Error(`the model has no weight ${name}`);
    return found;
  };
  const initializer = (name, change = (tensor) => tensor) => {
    const { shape, data } = change(given(name));
    return floats(name, shape, data);
  };
  const linear = (input, name) =>
    apply('Add', [apply('MatMul', [input, initializer(`${name}.weight`, transposed)]), initializer(`${name}.bias`)]);
  const normalized = (input, name) =>
    apply('LayerNormalization', [input, initializer(`${name}.weight`), initializer(`${name}.bias`)], {
      axis: { integer: -1 },
      epsilon: { float: epsilon },
    });
  const scalar = (value) => floats('scalar', [], [value]);

  const embeddings = `${prefix}embeddings`;
  const table = (name, ids) =>
    apply('Gather', [initializer(`${embeddings}.${name}_embeddings.weight`), ids], { axis: { integer: 0 } });
  const length = apply('Gather', [apply('Shape', ['input_ids']), integers('axis', [1])], { axis: { integer: 0 } });
  const positions = apply('Slice', [
    initializer(`${embeddings}.position_embeddings.weight`),
    integers('start', [0]),
    length,
    integers('axis', [0]),
  ]);
  const tokens = apply('Add', [table('word', 'input_ids'), table('token_type', 'token_type_ids')]);
  let state = normalized(apply('Add', [tokens, positions]), `${embeddings}.LayerNorm`);

  // 0 where a token may be looked at, far below every score where not: [batch, 1, 1, sequence].
  const seen = apply('Cast', [apply('Unsqueeze', ['attention_mask', integers('axes', [1, 2])])], {
    to: { integer: 1 },
  });
  const mask = apply('Mul', [apply('Sub', [seen, scalar(1)]), scalar(3e38)]);

  const perHead = integers('heads', [0, 0, heads, hidden / heads]);
  const joined = integers('joined', [0, 0, hidden]);
  const half = scalar(0.5);
  const one = scalar(1);
  const root2 = scalar(Math.SQRT2);
  const scale = scalar(1 / Math.sqrt(hidden / heads));
  for (let layer = 0; layer < layers; layer++) {
    const at = `${prefix}encoder.layer.${layer}`;
    const split = (name, order) =>
      apply('Transpose', [apply('Reshape', [linear(state, `${at}.attention.self.${name}`), perHead])], {
        perm: { integers: order },
      });
    const products = apply('MatMul', [split('query', [0, 2, 1, 3]), split('key', [0, 2, 3, 1])]);
    const scores = apply('Add', [apply('Mul', [products, scale]), mask]);
    const attention = apply('Softmax', [scores], { axis: { integer: -1 } });
    const context = apply('Transpose', [apply('MatMul', [attention, split('value', [0, 2, 1, 3])])], {
      perm: { integers: [0, 2, 1, 3] },
    });
    const attended = linear(apply('Reshape', [context, joined]), `${at}.attention.output.dense`);
    state = normalized(apply('Add', [attended, state]), `${at}.attention.output.LayerNorm`);
    const inner = linear(state, `${at}.intermediate.dense`);
    const bent = apply('Add', [apply('Erf', [apply('Div', [inner, root2])]), one]);
    const activated = apply('Mul', [apply('Mul', [inner, half]), bent]);
    const outer = linear(activated, `${at}.output.dense`);
    state = normalized(apply('Add', [outer, state]), `${at}.output.LayerNorm`);
  }

  const inputs = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
    name,
    type: 'int64',
    axes: ['batch', 'sequence'],
  }));
  const classifier = weight('classifier.weight');
  if (classifier === undefined) {
    apply('Identity', [state], {}, 'last_hidden_state');
    const output = { name: 'last_hidden_state', type: 'float', axes: ['batch', 'sequence', hidden] };
    return graph.file({ name: 'bert', inputs, outputs: [output] });
  }
  const first = apply('Gather', [state, index('first', 0)], { axis: { integer: 1 } });
  const pooled = apply('Tanh', [linear(first, `${prefix}pooler.dense`)]);
  apply('Identity', [linear(pooled, 'classifier')], {}, 'logits');
  const output = { name: 'logits', type: 'float', axes: ['batch', classifier.shape[0]] };
  return graph.file({ name: 'bert', inputs, outputs: [output] });
}
