//! Hashes as text.

/// `bytes` as lower-case hexadecimal digits, two for each.
///
/// ```
/// assert_eq!(routing::hexadecimal(&[0x0f, 0xa0]), "0fa0");
/// ```
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
