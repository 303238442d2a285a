//! Which instructions a kernel may use.

use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that kernels are compiled for. All levels give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every x86-64 and every other architecture has; fused multiply-add in software: slow, and right.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 F, VL, DQ and BW.
    Avx512,
}

/// The level in use; 0 until it is known.
static IN_USE: AtomicU8 = AtomicU8::new(0);

impl Level {
    /// The best level of this host, or the one [`Level::limit_to`] set.
    pub fn detect() -> Level {
        match IN_USE.load(Ordering::Relaxed) {
            1 => Level::Portable,
            2 => Level::Avx2,
            3 => Level::Avx512,
            _ => Level::limit_to(Level::Avx512),
        }
    }

    /// From now on uses the best level of this host that is not above `limit`, which it returns. For tests that compare
    /// levels: it cannot change a result, because all levels give the same bits.
    pub fn limit_to(limit: Level) -> Level {
        let level = host().min(limit);
        IN_USE.store(level as u8 + 1, Ordering::Relaxed);
        level
    }

    /// Every level this host can run.
    pub fn all() -> impl Iterator<Item = Level> {
        [Level::Portable, Level::Avx2, Level::Avx512].into_iter().filter(|&level| level <= host())
    }
}

#[cfg(target_arch = "x86_64")]
fn host() -> Level {
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
    {
        Level::Avx512
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        Level::Avx2
    } else {
        Level::Portable
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn host() -> Level {
    Level::Portable
}

/// Compiles one body for every level and defines a function that runs it at the host's best.
///
/// The body must use no function that the compiler may replace by another result on wider vectors; plain arithmetic,
/// `sqrt` and explicit `mul_add` are exact on all of them.
macro_rules! at_every_level {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$doc])*
        $visibility fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
            fn avx512($($argument: $type),*) $(-> $result)? { body($($argument),*) }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $type),*) $(-> $result)? { body($($argument),*) }

            match $crate::Level::detect() {
                // SAFETY: `detect` found the features that the function is compiled for.
                #[cfg(target_arch = "x86_64")]
                $crate::Level::Avx512 => unsafe { avx512($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::Level::Avx2 => unsafe { avx2($($argument),*) },
                _ => body($($argument),*),
            }
        }
    };
}
pub(crate) use at_every_level;
