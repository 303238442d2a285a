//! Dense kernels that give the same bits on every x86-64 host, however wide its vectors are.
//!
//! Two rules make that so. Every output of a product is accumulated over k in order by fused multiply-add, so tiling and
//! vector width cannot change it. Elementwise functions are own polynomials in plain multiply and add, never the system's.
//! One generic body is compiled for AVX-512, for AVX2 with FMA, and portably; the host's best is chosen at run time.

mod cholesky;
mod elementwise;
mod level;
mod neighbours;
mod panels;
mod precision;
mod product;
mod sequence;
mod simd;

pub use cholesky::{Cholesky, NotPositiveDefinite};
pub use elementwise::{AdamStep, adam, exp, relu, relu_backward, softmax_rows};
pub use level::Level;
pub use neighbours::{Nearest, nearest};
pub use panels::{PANEL, Panels, Right, set_panels};
pub use precision::{add_outer, dot, gram, multiply_vector, quadratic};
pub use product::{Left, add_product, set_product, transpose};
pub use sequence::{add_and_normalise, gelu, softmax_within};
