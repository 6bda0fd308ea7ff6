//! How alike two texts are: the measure of PostgreSQL's `pg_trgm`.
//!
//! Words are runs of letters and digits, with two blanks before and one after; the measure is the share of three-letter
//! pieces that both have among those that either has.

/// Returns the pieces of a lower-cased text, sorted, each once.
///
/// A piece is a number: its bytes when it is ASCII, else a hash of them, as PostgreSQL does it.
pub(super) fn trigrams(text: &str, pieces: &mut Vec<u32>) {
    pieces.clear();
    for word in text.split(|character: char| !character.is_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        let mut last = [' ', ' '];
        for character in word.chars().chain([' ']) {
            pieces.push(number([last[0], last[1], character]));
            last = [last[1], character];
        }
    }
    pieces.sort_unstable();
    pieces.dedup();
}

fn number(piece: [char; 3]) -> u32 {
    if piece.iter().all(char::is_ascii) {
        return piece.iter().fold(0, |number, character| number << 8 | u32::from(*character));
    }
    // FNV-1a, marked so that it never equals an ASCII piece.
    let hash = piece
        .iter()
        .fold(0x811c_9dc5_u32, |hash, character| (hash ^ u32::from(*character)).wrapping_mul(0x0100_0193));
    hash | 0x8000_0000
}

/// Returns the similarity of two texts by their pieces, from 0 to 1.
pub(super) fn similarity(one: &[u32], other: &[u32]) -> f32 {
    let (mut left, mut right, mut common) = (0, 0, 0_u32);
    while let (Some(a), Some(b)) = (one.get(left), other.get(right)) {
        left += usize::from(a <= b);
        right += usize::from(b <= a);
        common += u32::from(a == b);
    }
    let all = one.len() + other.len() - common as usize;
    if all == 0 { 0.0 } else { common as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &str, other: &str) -> f32 {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        trigrams(one, &mut left);
        trigrams(other, &mut right);
        similarity(&left, &right)
    }

    #[test]
    fn the_measure_is_that_of_postgresql() {
        // SELECT similarity(…): values of PostgreSQL 15.
        assert!((alike("word", "two words") - 0.363_636_37).abs() < 1e-6);
        assert!((alike("abc", "abc") - 1.0).abs() < 1e-6);
        assert!((alike("abc", "xyz") - 0.0).abs() < 1e-6);
        assert!(alike("", "").abs() < 1e-6);
        assert!(alike("über uns", "über") > alike("über uns", "ober"));
    }
}
