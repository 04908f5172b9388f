//! Random numbers that are the same for the same seed, in every version and on every machine.

/// SplitMix64, <https://prng.di.unimi.it/splitmix64.c>. The generators of the crate `rand` may
/// differ between versions.
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `end`, or 0.
    pub(super) const fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.number() % end as u64) as usize }
    }

    /// Whether something happens that happens this often in a hundred cases.
    pub(super) const fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T], otherwise: T) -> T {
        choices.get(self.below(choices.len())).copied().unwrap_or(otherwise)
    }

    pub(super) fn text(&mut self, choices: &[&'static str]) -> &'static str {
        self.pick(choices, "")
    }

    /// A text of hexadecimal digits.
    pub(super) fn hex(&mut self) -> String {
        format!("{:016x}{:016x}", self.number(), self.number())
    }

    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.number(), self.number());
        format!(
            "{:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            (high & 0x0FFF) | 0x4000,
            ((low >> 48) & 0x3FFF) | 0x8000,
            low & 0xFFFF_FFFF_FFFF,
        )
    }
}
