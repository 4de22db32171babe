//! Which layers of a network become one module of an exported text.

use std::ops::Range;

use super::exporter::{Exporter, Unit};
use super::name::{relative, under};
use crate::model::{Layer, Tap};

/// Modules of modules are classes or chains as deep as this; what is below is put in by its path.
const DEEPEST_GROUPS: usize = 20;

impl Exporter<'_> {
    /// What stands on one line each: nodes below one name that one tensor goes into and one comes out of, else nodes.
    pub(crate) fn units(&self, nodes: Range<usize>, prefix: &str) -> Vec<Unit> {
        let mut units = Vec::new();
        let mut at = nodes.start;
        while at < nodes.end {
            match self.group(at, nodes.clone(), prefix) {
                Some(unit) => {
                    at = unit.nodes.end;
                    units.push(unit);
                }
                None => {
                    units.push(Unit { nodes: at..at + 1, head: String::new() });
                    at += 1;
                }
            }
        }
        units
    }

    fn head(&self, index: usize, prefix: &str) -> Option<&str> {
        relative(&self.network.nodes[index].name, prefix).split_once('.').map(|(head, _)| head)
    }

    /// The longest group that starts at a node.
    fn group(&self, start: usize, nodes: Range<usize>, prefix: &str) -> Option<Unit> {
        if prefix.matches('.').count() >= DEEPEST_GROUPS {
            return None;
        }
        let first = self.first_module(start, nodes.clone())?;
        let head = self.head(first, prefix)?.to_string();
        let belongs = |index: usize| self.head(index, prefix) == Some(head.as_str());
        let last = nodes.clone().rev().find(|&index| belongs(index))?;
        // Functions between may have names of other places.
        if (first..=last).any(|index| !belongs(index) && self.node_is_module(index)) {
            return None;
        }
        if (nodes.start..start).any(belongs)
            || self.network.nodes[last + 1..].iter().any(|node| under(&node.name, prefix, &head))
        {
            return None;
        }
        if self.network.nodes[..nodes.start].iter().any(|node| under(&node.name, prefix, &head)) {
            return None;
        }
        if self.network.nodes.iter().any(|node| relative(&node.name, prefix) == head) {
            return None;
        }
        let mut ends = vec![last + 1];
        // The sum with what went in is most likely part of it.
        let mut end = last + 1;
        while end < nodes.end && !self.node_is_module(end) && self.head(end, prefix).is_none() {
            end += 1;
            ends.push(end);
            if ends.len() > 3 {
                break;
            }
        }
        // But not where nothing else were left beside the group.
        let residual =
            ends.iter().skip(1).copied().filter(|&end| start > nodes.start || end < nodes.end).find(|&end| {
                matches!(self.network.nodes[end - 1].layer, Layer::Add(_) | Layer::Mul(_))
                    && self.is_closed(start..end, nodes.clone())
                    && {
                        let input = self.single_input(start..end);
                        self.wiring.taps(end - 1).iter().any(|tap| Some(*tap) == input)
                    }
            });
        // Not where no other module were left beside the group; but a chain may have only one block.
        let is_block = head.chars().all(|c| c.is_ascii_digit());
        let leaves_some =
            |end: usize| is_block || nodes.clone().any(|at| !(start..end).contains(&at) && self.node_is_module(at));
        let closed = |end: &usize| {
            let plain = start == first && *end == last + 1;
            (plain || leaves_some(*end)) && self.is_closed(start..*end, nodes.clone())
        };
        let end = residual
            .or_else(|| ends.first().copied().filter(closed))
            .or_else(|| self.joined_end(&ends, nodes.clone(), closed))?;
        Some(Unit { nodes: start..end, head })
    }

    /// The first module of a group that starts here: the node itself, or what follows the parts that a tensor is
    /// divided into.
    fn first_module(&self, start: usize, nodes: Range<usize>) -> Option<usize> {
        let divides = |index: usize| matches!(self.network.nodes[index].layer, Layer::Chunk(_) | Layer::Slice(_));
        let first = (start..nodes.end).find(|&index| !divides(index))?;
        let of_one = (start..first).all(|index| self.wiring.taps(index) == self.wiring.taps(start));
        (of_one && self.node_is_module(first)).then_some(first)
    }

    /// Where branches come together behind the modules of a group, and their channels are mixed.
    fn joined_end(&self, ends: &[usize], nodes: Range<usize>, closed: impl Fn(&usize) -> bool) -> Option<usize> {
        let joins =
            |end: usize| matches!(self.network.nodes[end - 1].layer, Layer::Cat(_) | Layer::Add(_) | Layer::Mul(_));
        let end = ends.iter().copied().find(|&end| joins(end) && closed(&end))?;
        let shuffles = end < nodes.end && matches!(self.network.nodes[end].layer, Layer::ChannelShuffle(_));
        let follows = shuffles && self.wiring.taps(end) == [Tap::Node(end - 1)];
        Some(if follows && closed(&(end + 1)) { end + 1 } else { end })
    }

    /// The one tensor that goes in.
    pub(crate) fn single_input(&self, nodes: Range<usize>) -> Option<Tap> {
        let mut input = None;
        for index in nodes.clone() {
            for tap in self.wiring.taps(index) {
                let inside = matches!(tap, Tap::Node(above) if nodes.contains(above));
                if inside {
                    continue;
                }
                match input {
                    None => input = Some(*tap),
                    Some(other) if other == *tap => {}
                    Some(_) => return None,
                }
            }
        }
        input
    }

    /// One tensor goes in, and only the last one made is used elsewhere.
    fn is_closed(&self, nodes: Range<usize>, _class: Range<usize>) -> bool {
        if self.single_input(nodes.clone()).is_none() {
            return false;
        }
        let outside = nodes.end..self.network.nodes.len();
        let used = outside.into_iter().all(|index| {
            self.wiring.taps(index).iter().all(|tap| match tap {
                Tap::Node(above) => !nodes.contains(above) || *above + 1 == nodes.end,
                _ => true,
            })
        });
        let ends_well = !matches!(self.network.nodes[nodes.end - 1].layer, Layer::Parameter(_));
        used && ends_well
    }
}
