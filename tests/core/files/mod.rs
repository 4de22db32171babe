//! Model files: what exporters write, read and run.

mod hostile;
mod kinds;
mod onnx;
mod onnx_write;
mod opened;
mod tflite;
mod weights;
