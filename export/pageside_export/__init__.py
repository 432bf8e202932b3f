"""The maker's tools: from a demo to verified ONNX models and a static site."""
