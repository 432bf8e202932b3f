/** report.json as the page's panel reads it; the whole is in export/pageside_export/report.schema.json. */

export interface Report {
  format: "pageside-report";
  version: number;
  machine: Record<string, string>;
  versions: Record<string, string>;
  /** From the model card; null where it says nothing. */
  weights: { source: string | null; licence: string | null };
  models: ReportModel[];
}

export interface ReportModel {
  name: string;
  /** Recorded calls that each variant was compared on. */
  calls: number;
  sentence: string;
  /** What a reader must know beside the numbers, a sentence each. */
  remarks: string[];
  conversion: { exporter: string };
  variants: ReportVariant[];
  plots: ReportPlot[];
}

export interface ReportVariant {
  id: string;
  published: boolean;
  rejected: string[];
  wire_bytes: number;
  /** Of the ONNX file. */
  sha256: string;
  /** Norm of the error over the norm of PyTorch's output, the worst of all calls; null for NaN. */
  relative_error: number | null;
  measured: { cosine: number | null; mean_abs_error: number | null; top1: number | null; native_ms: number };
  /** The maker's own; null without one. */
  score: number | null;
  /** In Chromium on the same machine; null where it was not asked. On WebGPU one call. */
  browser: { wasm_1_ms: number | null; webgpu: { ms: number | null; cosine: number | null } } | null;
}

export interface ReportPlot {
  /** Relative to report.json. */
  file: string;
  caption: string;
  /** For who does not see the plot. */
  alt: string;
  /** What the plot shows that no table has, a clause each. */
  notes: string[];
}
