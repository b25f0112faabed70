//! The member: messages and ticks in, effects out.
