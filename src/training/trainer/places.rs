//! Where the gradient by each tensor is kept while it is needed.

use crate::training::program::Program;

/// Buffers that serve one gradient after another.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// Of every tensor: its buffer, where it has a gradient.
    pub of: Vec<Option<usize>>,
    /// Values of each buffer, of one sample.
    pub sizes: Vec<usize>,
    /// Of every step: the tensors whose gradient gets its first part there.
    pub begin: Vec<Vec<usize>>,
}

impl Places {
    /// On the way back a gradient is needed from the last step that reads its tensor to the one that makes it. Each
    /// takes the smallest free buffer that is large enough, or the largest, made larger.
    pub(super) fn of(program: &Program) -> Self {
        let mut places = Self {
            of: vec![None; program.sizes.len()],
            sizes: Vec::new(),
            begin: vec![Vec::new(); program.steps.len()],
        };
        let mut free: Vec<usize> = Vec::new();
        let output = program.output.0;
        places.take(output, program.sizes[output], &mut free);
        for (index, step) in program.steps.iter().enumerate().rev().filter(|(_, step)| step.counts) {
            for (input, _) in step.inputs.iter().zip(&step.passes).filter(|(_, passes)| **passes) {
                if places.of[input.0].is_none() {
                    places.take(input.0, program.sizes[input.0], &mut free);
                    places.begin[index].push(input.0);
                }
            }
            free.extend(places.of[step.output.0]);
        }
        places
    }

    fn take(&mut self, tensor: usize, size: usize, free: &mut Vec<usize>) {
        let fits = |&(_, &buffer): &(usize, &usize)| self.sizes[buffer] >= size;
        let smallest = free.iter().enumerate().filter(fits).min_by_key(|(_, buffer)| self.sizes[**buffer]);
        let found = smallest.or_else(|| free.iter().enumerate().max_by_key(|(_, buffer)| self.sizes[**buffer]));
        let buffer = match found.map(|(at, _)| at) {
            Some(at) => free.swap_remove(at),
            None => {
                self.sizes.push(0);
                self.sizes.len() - 1
            }
        };
        self.sizes[buffer] = self.sizes[buffer].max(size);
        self.of[tensor] = Some(buffer);
    }
}
