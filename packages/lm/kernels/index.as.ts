export { gemm, gemmScratchBytes } from './gemm.as';
