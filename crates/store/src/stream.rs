//! Frames as Arrow C streams: how other languages' libraries read a table without a file and without a copy.

use crate::Frame;
use crate::frame::record_batch;
use arrow::array::RecordBatchIterator;

/// The C structure of the Arrow C stream interface, which its last reader releases.
pub use arrow::ffi_stream::FFI_ArrowArrayStream as ArrowStream;

impl Frame {
    /// The frame as one record batch: text as utf8, whole numbers as uint64, numbers as float64, missing cells as nulls,
    /// vectors as fixed-size lists of float32.
    ///
    /// # Errors
    /// When the columns differ in length or share a name.
    pub fn arrow_stream(&self) -> Result<ArrowStream, String> {
        let batch = record_batch(self)?;
        let schema = batch.schema();
        Ok(ArrowStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema))))
    }
}
