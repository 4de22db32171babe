//! Edits of a network that keep it wired: what flowed through a row still flows.

use super::{Arity, Inputs, Layer, Network, Node, NodeId, Source, Tap, Value};

impl Network {
    /// Puts a new node behind another, or first. Whatever took the output of that other node takes the new
    /// node's instead.
    pub fn insert_after(&mut self, after: Option<NodeId>, name: String, layer: Layer) -> NodeId {
        let id = self.unused_id();
        let place = after.and_then(|after| self.position(after)).map_or(0, |position| position + 1);
        let source = match place.checked_sub(1) {
            Some(position) => Source::Node(self.nodes[position].id),
            None => Source::Input,
        };
        for node in &mut self.nodes[place..] {
            if let Inputs::From(sources) = &mut node.inputs {
                for taken in sources.iter_mut().filter(|taken| **taken == source) {
                    *taken = Source::Node(id);
                }
            }
        }
        let inputs = match layer.kind().arity() {
            Arity::Zero | Arity::One | Arity::OneOrMore => Inputs::Above,
            Arity::Two => Inputs::From(vec![source, source]),
        };
        self.nodes.insert(place, Node { id, name, layer, inputs, call: super::Call::Module });
        id
    }

    /// Takes a node out. Whatever took its output takes its (first) input instead.
    pub fn remove(&mut self, id: NodeId) {
        let Some(position) = self.position(id) else { return };
        let wiring = self.wiring();
        let fed_by = wiring.taps(position).first().copied().unwrap_or(Tap::Input);
        let source = match fed_by {
            Tap::Input => Source::Input,
            Tap::Node(index) => Source::Node(self.nodes[index].id),
            Tap::Missing(id) | Tap::NotAbove(id) => Source::Node(id),
        };
        let above = position.checked_sub(1).map_or(Tap::Input, Tap::Node);
        self.nodes.remove(position);
        if let Some(next) = self.nodes.get_mut(position)
            && next.inputs == Inputs::Above
            && next.layer.kind().arity() != Arity::Zero
            && fed_by != above
        {
            next.inputs = Inputs::From(vec![source]);
        }
        for node in &mut self.nodes {
            if let Inputs::From(sources) = &mut node.inputs {
                for taken in sources.iter_mut().filter(|taken| **taken == Source::Node(id)) {
                    *taken = source;
                }
            }
        }
    }

    /// A copy of a node behind it, under another name.
    pub fn duplicate(&mut self, id: NodeId, name: String) -> Option<NodeId> {
        let layer = self.node(id)?.layer.clone();
        Some(self.insert_after(Some(id), name, layer))
    }

    /// Sets an argument of a node's module, wherever that module is called. Whether the value fits.
    pub fn set_argument(&mut self, id: NodeId, argument: &str, value: &Value) -> bool {
        let Some(Node { name, layer, .. }) = self.node(id).cloned() else { return false };
        let mut changed = layer.clone();
        let fits = changed.set_argument(argument, value).is_ok();
        for node in self.nodes.iter_mut().filter(|node| fits && node.name == name && node.layer == layer) {
            node.layer = changed.clone();
        }
        fits
    }

    /// Moves a node to another place in the order, counted without it. Places behind the end mean the end.
    pub fn move_to(&mut self, id: NodeId, place: usize) {
        let Some(position) = self.position(id) else { return };
        let node = self.nodes.remove(position);
        self.nodes.insert(place.min(self.nodes.len()), node);
    }
}
