//! A packed witness: what it says of itself, the witnesses that it names, its units, a check, its signature.

use alloc::vec::Vec;

use codec::Encode;
use loadstone_core::{AnchorNumber, Hash, Level, MemberIndex};
use sp_crypto_hashing::blake2_256;

use super::{
    context::Context,
    input::Input,
    unit::{self, MIN_UNIT},
    CompactFault, Known, Named, NothingKnown,
};
use crate::{
    readings::{push_varint, unzigzag, zigzag},
    Unit, Witness, WitnessContent, WitnessRef, MAX_MEMBERS, MAX_WITNESS_UNITS,
};

/// There is a witness of the author before.
const PREVIOUS: u8 = 1;
/// Its hash is in full.
const PREVIOUS_FULL: u8 = 1 << 1;
/// It is the author's last of the epoch.
const LAST: u8 = 1 << 2;
/// The content is in plain SCALE: it breaks the form of witnesses, or the bodies are not those of its units.
const PLAIN: u8 = 1 << 7;

/// Epoch, author and level: what stands at the beginning.
pub(crate) struct Header {
    pub epoch: u32,
    pub member: MemberIndex,
    pub level: Level,
}

pub(super) fn pack(witness: &Witness, units: &[Unit], known: &impl Known, strict: bool, out: &mut Vec<u8>) {
    let content = &witness.content;
    if !is_regular(content, units.len()) {
        return pack_plain(witness, units, out);
    }
    let mut context = Context::new(known, strict);
    context.announce(units.iter().map(|unit| unit.content.slot));
    push_content(content, &context, out);
    push_varint(out, units.len() as u64);
    for (unit, id) in units.iter().zip(&content.units) {
        unit::pack(unit, &mut context, out);
        context.add(unit.content.slot, *id);
    }
    out.extend_from_slice(&check_of(content));
    out.extend_from_slice(&witness.signature);
}

pub(super) fn unpack(
    input: &mut Input,
    genesis: &Hash,
    known: &impl Known,
    strict: bool,
) -> Result<(Witness, Vec<Unit>), CompactFault> {
    let flags = input.byte()?;
    if flags == PLAIN {
        return unpack_plain(input);
    }
    let mut context = Context::new(known, strict);
    let mut content = pull_content(flags, input, &mut context)?;
    let count = pull_count(input)?;
    context.expect(count);
    let mut units = Vec::with_capacity(count);
    content.units.reserve_exact(count);
    for _ in 0..count {
        let unit = unit::unpack(input, &mut context)?;
        let id = unit.content.payload(genesis).hash();
        context.add(unit.content.slot, id);
        content.units.push(id);
        units.push(unit);
    }
    if input.check()? != check_of(&content) {
        return Err(if context.has_resolved() { CompactFault::Mismatch } else { CompactFault::Malformed });
    }
    let signature = input.signature()?;
    context.finish()?;
    Ok((Witness { content, signature }, units))
}

/// Nothing is left out here, since nothing guards it.
fn pack_plain(witness: &Witness, units: &[Unit], out: &mut Vec<u8>) {
    let mut context = Context::new(&NothingKnown, false);
    out.push(PLAIN);
    witness.content.encode_to(out);
    push_varint(out, units.len() as u64);
    units.iter().for_each(|unit| unit::pack(unit, &mut context, out));
    out.extend_from_slice(&witness.signature);
}

fn unpack_plain(input: &mut Input) -> Result<(Witness, Vec<Unit>), CompactFault> {
    let content: WitnessContent = input.plain()?;
    if content.parents.len().max(content.latest.len()) > MAX_MEMBERS || content.units.len() > MAX_WITNESS_UNITS {
        return Err(CompactFault::TooMany);
    }
    let count = pull_count(input)?;
    if is_regular(&content, count) {
        return Err(CompactFault::Malformed);
    }
    let mut context = Context::new(&NothingKnown, false);
    let units = (0..count).map(|_| unit::unpack(input, &mut context)).collect::<Result<_, _>>();
    // A name that a unit leaves out has no meaning here.
    let units = units.map_err(|_| CompactFault::Malformed)?;
    let signature = input.signature()?;
    context.finish()?;
    Ok((Witness { content, signature }, units))
}

/// Epoch, author and level of a packed witness that can't be rebuilt.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, CompactFault> {
    let mut input = Input::new(bytes);
    input.byte()?;
    pull_header(&mut input)
}

fn pull_header(input: &mut Input) -> Result<Header, CompactFault> {
    Ok(Header { epoch: input.number()?, member: MemberIndex(input.number()?), level: Level(input.number()?) })
}

fn pull_count(input: &mut Input) -> Result<usize, CompactFault> {
    let count: usize = input.number()?;
    if count > MAX_WITNESS_UNITS {
        return Err(CompactFault::TooMany);
    }
    // Before anything is allocated for them.
    if count.saturating_mul(MIN_UNIT) > input.left() {
        return Err(CompactFault::Malformed);
    }
    Ok(count)
}

/// Whether all that is left out can be told from the rest.
fn is_regular(content: &WitnessContent, bodies: usize) -> bool {
    let own = |previous: &WitnessRef| previous.member == content.member && previous.level < content.level;
    let below = content.level.0.checked_sub(1).map(Level);
    content.units.len() == bodies
        && content.previous.as_ref().is_none_or(own)
        && is_rising(&content.parents)
        && is_rising(&content.latest)
        && content.parents.iter().all(|parent| Some(parent.level) == below)
}

/// Whether the members fit in a set and stand in order.
fn is_rising(named: &[WitnessRef]) -> bool {
    named.windows(2).all(|pair| pair[0].member < pair[1].member)
        && named.last().is_none_or(|last| usize::from(last.member.0) < MAX_MEMBERS)
}

/// Guards against hashes that the receiver knows otherwise, before any signature is looked at.
fn check_of(content: &WitnessContent) -> [u8; 4] {
    let [a, b, c, d, ..] = blake2_256(&content.encode());
    [a, b, c, d]
}

fn push_content<K: Known>(content: &WitnessContent, context: &Context<K>, out: &mut Vec<u8>) {
    let is_full = |named: &WitnessRef| !context.is_known(name(named), &named.hash);
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    let previous = content.previous.as_ref();
    let previous_full = previous.filter(|previous| is_full(previous));
    out.push(
        flag(previous.is_some(), PREVIOUS) | flag(previous_full.is_some(), PREVIOUS_FULL) | flag(content.last, LAST),
    );
    push_varint(out, content.epoch.into());
    push_varint(out, content.member.0.into());
    push_varint(out, content.level.0.into());
    push_varint(out, content.base.0.into());
    if let Some(previous) = previous {
        push_varint(out, (content.level.0 - previous.level.0 - 1).into());
    }
    if let Some(previous) = previous_full {
        out.extend_from_slice(previous.hash.as_bytes());
    }
    push_set(&content.parents, |_| true, out);
    push_hashes(&content.parents, is_full, out);
    push_set(&content.latest, |_| true, out);
    for latest in &content.latest {
        push_varint(out, zigzag(i64::from(content.level.0) - i64::from(latest.level.0)));
    }
    push_hashes(&content.latest, is_full, out);
}

fn pull_content<K: Known>(
    flags: u8,
    input: &mut Input,
    context: &mut Context<K>,
) -> Result<WitnessContent, CompactFault> {
    let has_previous = flags & PREVIOUS != 0;
    if flags & !(PREVIOUS | PREVIOUS_FULL | LAST) != 0 || (!has_previous && flags & PREVIOUS_FULL != 0) {
        return Err(CompactFault::Malformed);
    }
    let Header { epoch, member, level } = pull_header(input)?;
    let base = AnchorNumber(input.number()?);
    let previous = if has_previous {
        let below = input.number::<u32>()?.checked_add(1).and_then(|below| level.0.checked_sub(below));
        let level = Level(below.ok_or(CompactFault::Malformed)?);
        Some(pull_named(member, level, flags & PREVIOUS_FULL != 0, input, context)?)
    } else {
        None
    };
    let below = level.0.checked_sub(1);
    let parents = members(input.varint()?).map(|parent| Some((parent, Level(below?)))).collect::<Option<Vec<_>>>();
    let parents = pull_hashes(parents.ok_or(CompactFault::Malformed)?, input, context)?;
    let latest = members(input.varint()?).map(|latest| Ok((latest, pull_level(level, input)?)));
    let latest = latest.collect::<Result<Vec<_>, CompactFault>>()?;
    let latest = pull_hashes(latest, input, context)?;
    let last = flags & LAST != 0;
    Ok(WitnessContent { epoch, member, level, previous, parents, latest, units: Vec::new(), base, last })
}

fn pull_level(own: Level, input: &mut Input) -> Result<Level, CompactFault> {
    let level = i64::from(own.0).checked_sub(unzigzag(input.varint()?));
    level.and_then(|level| u32::try_from(level).ok()).map(Level).ok_or(CompactFault::Malformed)
}

fn name(named: &WitnessRef) -> Named {
    Named::Witness(named.member, named.level)
}

/// Members as bits.
fn push_set(named: &[WitnessRef], chosen: impl Fn(&WitnessRef) -> bool, out: &mut Vec<u8>) {
    let set = named.iter().filter(|named| chosen(named)).fold(0u64, |set, named| set | 1 << named.member.0);
    push_varint(out, set);
}

fn members(set: u64) -> impl Iterator<Item = MemberIndex> {
    (0..MAX_MEMBERS as u16).filter(move |member| set >> member & 1 == 1).map(MemberIndex)
}

/// Whose hashes are in full, and these hashes.
fn push_hashes(named: &[WitnessRef], is_full: impl Fn(&WitnessRef) -> bool, out: &mut Vec<u8>) {
    if named.is_empty() {
        return;
    }
    push_set(named, &is_full, out);
    named.iter().filter(|named| is_full(named)).for_each(|named| out.extend_from_slice(named.hash.as_bytes()));
}

fn pull_hashes<K: Known>(
    places: Vec<(MemberIndex, Level)>,
    input: &mut Input,
    context: &mut Context<K>,
) -> Result<Vec<WitnessRef>, CompactFault> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut full = input.varint()?;
    let mut named = Vec::with_capacity(places.len());
    for (member, level) in places {
        let bit = 1u64 << member.0;
        named.push(pull_named(member, level, full & bit != 0, input, context)?);
        full &= !bit;
    }
    if full != 0 {
        return Err(CompactFault::Malformed);
    }
    Ok(named)
}

fn pull_named<K: Known>(
    member: MemberIndex,
    level: Level,
    full: bool,
    input: &mut Input,
    context: &mut Context<K>,
) -> Result<WitnessRef, CompactFault> {
    let name = Named::Witness(member, level);
    let hash = if full {
        let hash = input.hash()?;
        context.give(name, hash);
        hash
    } else {
        context.resolve(name)?
    };
    Ok(WitnessRef { member, level, hash })
}
