/**
 * Single-precision WebAssembly SIMD kernels.
 *
 * Every pointer is a byte offset into the memory the kernels were loaded on, aligned to 4; floats are f32, integers i32,
 * matrices row-major; strides (`…Row`, `…Col`) are in elements. Growing the memory leaves pointers valid but detaches
 * views. A row of a result depends on that row's inputs only: its bytes are the same in a batch of any size.
 */
export interface Kernels {
  /** Bytes of scratch that `gemm` needs. */
  gemmScratchBytes(m: number, n: number, k: number): number;
  /**
   * C[m, n] = A[m, k] · B[k, n] (+ bias[n]) (+ C). A and B may have any strides, so a transposed operand costs no copy;
   * C has unit column stride. `bias` is a pointer or 0, `accumulate` 0 or 1.
   */
  gemm(
    m: number,
    n: number,
    k: number,
    a: number,
    aRow: number,
    aCol: number,
    b: number,
    bRow: number,
    bCol: number,
    c: number,
    cRow: number,
    bias: number,
    accumulate: number,
    scratch: number,
  ): void;
  /** out[rows, width] = table[ids[rows]]. */
  embedding(rows: number, width: number, table: number, ids: number, out: number): void;
  /** dTable[vocabulary, width] = Σ dOut[rows, width] by id, added in row order; dTable is overwritten. */
  embeddingGradient(rows: number, width: number, vocabulary: number, ids: number, dOut: number, dTable: number): void;
  /**
   * y[rows, width] = x / sqrt(mean(x²) + epsilon) · gain[width]; keeps 1 / sqrt(…) in inverseRms[rows].
   * Zhang & Sennrich, "Root Mean Square Layer Normalization" (2019), equation 4.
   */
  rmsNorm(rows: number, width: number, x: number, gain: number, epsilon: number, y: number, inverseRms: number): void;
  /** dx[rows, width] and dGain[width], both overwritten. */
  rmsNormGradient(
    rows: number,
    width: number,
    x: number,
    gain: number,
    inverseRms: number,
    dy: number,
    dx: number,
    dGain: number,
  ): void;
  /**
   * Rotates the pairs (i, i + headDim / 2) of every head: Su et al., "RoFormer" (2021), in the order of Hugging Face's
   * `apply_rotary_pos_emb`. positions: i32[tokens]; cosSin: [maxPositions, headDim], cosines then sines; direction: 1
   * forward, -1 inverse (which is also the gradient). x may be y.
   */
  rotary(
    tokens: number,
    heads: number,
    headDim: number,
    x: number,
    xRow: number,
    positions: number,
    cosSin: number,
    y: number,
    yRow: number,
    direction: number,
  ): void;
  /** Bytes of scratch that `attention` needs. */
  attentionScratchBytes(time: number, headDim: number): number;
  /**
   * Causal grouped-query attention: softmax(scale · q·kᵀ) · v over keys up to the query's own. Buffers are token-major
   * [batch · time, row]; head h reads key-value head floor(h · kvHeads / heads). lengths: i32[batch]; rows from a
   * length on give 0 and are never read. logSumExp[batch, heads, time] is what `attentionGradient` needs.
   */
  attention(
    batch: number,
    time: number,
    heads: number,
    kvHeads: number,
    headDim: number,
    q: number,
    qRow: number,
    k: number,
    kRow: number,
    v: number,
    vRow: number,
    lengths: number,
    scale: number,
    out: number,
    outRow: number,
    logSumExp: number,
    scratch: number,
  ): void;
  /** Bytes of scratch that `attentionGradient` needs. */
  attentionGradientScratchBytes(time: number, headDim: number): number;
  /**
   * dq, dk, dv, overwritten; dk and dv are summed over the query heads of a group, padding rows get 0. The
   * probabilities are recomputed, as in Dao et al., "FlashAttention" (2022), appendix B.2.
   */
  attentionGradient(
    batch: number,
    time: number,
    heads: number,
    kvHeads: number,
    headDim: number,
    q: number,
    qRow: number,
    k: number,
    kRow: number,
    v: number,
    vRow: number,
    lengths: number,
    scale: number,
    out: number,
    outRow: number,
    logSumExp: number,
    dOut: number,
    dOutRow: number,
    dq: number,
    dqRow: number,
    dk: number,
    dkRow: number,
    dv: number,
    dvRow: number,
    scratch: number,
  ): void;
  /** Positions in a page of the cache. */
  cachePageTokens(): number;
  /**
   * Writes tokens' keys and values into a cache in pages. rows and positions: i32[tokens]; pages: u32[…, maxPages], the byte offsets
   * of a row's pages. From `offset` (bytes) on a page holds keys [kvHeads, headDim, pageTokens], then values
   * [kvHeads, pageTokens, headDim]. After Kwon et al., "PagedAttention" (2023).
   */
  cacheWrite(
    tokens: number,
    kvHeads: number,
    headDim: number,
    k: number,
    kRow: number,
    v: number,
    vRow: number,
    rows: number,
    positions: number,
    pages: number,
    maxPages: number,
    offset: number,
  ): void;
  /** Bytes of scratch that `cacheAttention` needs. */
  cacheAttentionScratchBytes(heads: number, headDim: number, maxPages: number): number;
  /** Token t attends to the positions 0 to positions[t] of row rows[t]. The bytes are those of `attention`. */
  cacheAttention(
    tokens: number,
    heads: number,
    kvHeads: number,
    headDim: number,
    q: number,
    qRow: number,
    rows: number,
    positions: number,
    pages: number,
    maxPages: number,
    offset: number,
    scale: number,
    out: number,
    outRow: number,
    scratch: number,
  ): void;
  /** y[rows, width] = silu(gate) · up of gateUp[rows, 2 · width], gate then up. Shazeer, "GLU Variants" (2020). */
  swiglu(rows: number, width: number, gateUp: number, y: number): void;
  /** dGateUp[rows, 2 · width], overwritten. */
  swigluGradient(rows: number, width: number, gateUp: number, dy: number, dGateUp: number): void;
  /** The first place of the largest of x[count]. */
  argmax(count: number, x: number): number;
  /** y[count] = exp((x − shift) · scale). Returns their sum, added in double precision. */
  exponentials(count: number, x: number, scale: number, shift: number, y: number): number;
  /**
   * Of softmax(logits[rows, vocabulary] · inverseTemperature): log-probability of targets[rows] (i32), entropy and
   * logSumExp, all in nats. A target of -1 gives 0 and its logits are not read.
   */
  tokenLogProbs(
    rows: number,
    vocabulary: number,
    logits: number,
    targets: number,
    inverseTemperature: number,
    logProbs: number,
    entropy: number,
    logSumExp: number,
  ): void;
  /** Overwrites logits with their gradient; rows whose target is -1 get 0. */
  tokenLogProbsGradient(
    rows: number,
    vocabulary: number,
    logits: number,
    targets: number,
    inverseTemperature: number,
    logSumExp: number,
    entropy: number,
    dLogProbs: number,
    dEntropy: number,
  ): void;
  /**
   * KL divergence in nats per row; direction 0: KL(teacher || student), 1: KL(student || teacher). Rows with mask 0 give
   * 0 and are not read. A logit of -Infinity is a probability of 0; against a positive one it counts about 1e30 nats.
   */
  klDivergence(
    rows: number,
    vocabulary: number,
    studentLogits: number,
    teacherLogits: number,
    mask: number,
    direction: number,
    value: number,
    studentLogSumExp: number,
    teacherLogSumExp: number,
  ): void;
  /** dStudentLogits[rows, vocabulary], overwritten, from the same inputs and the values `klDivergence` gave. */
  klDivergenceGradient(
    rows: number,
    vocabulary: number,
    studentLogits: number,
    teacherLogits: number,
    mask: number,
    direction: number,
    value: number,
    studentLogSumExp: number,
    teacherLogSumExp: number,
    dValue: number,
    dStudentLogits: number,
  ): void;
  /**
   * One step in place with decoupled decay: Loshchilov & Hutter (2019), as torch.optim.AdamW. biasCorrection1 is
   * 1 - beta1^step, biasCorrection2 is 1 - beta2^step; the gradient is multiplied by gradientScale first.
   */
  adamW(
    count: number,
    parameter: number,
    gradient: number,
    m: number,
    v: number,
    learningRate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    weightDecay: number,
    biasCorrection1: number,
    biasCorrection2: number,
    gradientScale: number,
  ): void;
  /** Σ x², summed in double precision. */
  sumOfSquares(count: number, x: number): number;
  /** y += x. */
  addInto(count: number, x: number, y: number): void;
  /** x *= s. */
  scaleInto(count: number, s: number, x: number): void;
}
