//! Seats: the validators of a run, which keep their number while committees come and go.

/// Greatest number of seats: a full committee and those that join later.
pub const MAX_SEATS: u16 = 128;

/// A set of seats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeatSet(u128);

impl SeatSet {
    /// Seats from 0 up to, not including, `end`.
    pub fn below(end: u16) -> Self {
        (0..end).collect()
    }

    /// Whether the seat is in it.
    pub fn contains(self, seat: u16) -> bool {
        seat < MAX_SEATS && self.0 >> seat & 1 == 1
    }

    /// With this seat.
    pub fn with(self, seat: u16) -> Self {
        Self(if seat < MAX_SEATS { self.0 | 1 << seat } else { self.0 })
    }

    /// Seats of either.
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Seats of this one and not of the other.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether nobody is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In rising order.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        (0..MAX_SEATS).filter(move |seat| self.contains(*seat))
    }
}

impl FromIterator<u16> for SeatSet {
    fn from_iter<I: IntoIterator<Item = u16>>(seats: I) -> Self {
        seats.into_iter().fold(Self::default(), Self::with)
    }
}
