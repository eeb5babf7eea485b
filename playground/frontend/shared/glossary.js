// @ts-check
// What the terms on the pages mean. Written from playground/lessons/glossary.toml by its test: change it there.

/** @type {Record<string, Record<string, string>>} */
export const GLOSSARY = {
  "Values and derivatives": {
    leaf: "A tensor that is given, not computed. PyTorch keeps the gradient of a leaf in its .grad.",
    primal: "The value itself, as the forward pass computes it; the word sets it apart from its adjoint.",
    adjoint: "The derivative of the result with respect to this value: how much the result changes for a small change of the value. Written with a bar, v̄.",
    tangent: "In forward mode, the derivative of a value along the chosen direction of the leaves, computed together with the value. Written with a dot, v̇.",
    gradient: "All derivatives of one number with respect to the elements of a tensor. It has the tensor's shape.",
    grad: "requires_grad: PyTorch records what is computed from this tensor, so that its gradient can be found.",
    ".grad": "Where PyTorch adds up the gradients of a leaf. It is None until a backward pass has reached the leaf.",
    dtype: "The kind of a tensor's numbers: float32 has about 7 significant digits, float64 about 16.",
    detached: "Cut off from the record: no gradient flows back through it.",
  },
  "The two passes": {
    "forward pass": "The computation itself, operation by operation. PyTorch notes for each how its derivative is found.",
    "backward pass": "From the result back to the leaves: each operation turns the adjoint of its result into those of its inputs.",
    "reverse mode": "What backward() does: one backward pass gives the gradients of one number with respect to all leaves.",
    "forward mode": "Derivatives together with the values: one forward pass gives those of all results along one direction.",
    seed: "The adjoint with which a backward pass begins: 1, the derivative of the result with respect to itself.",
    "local derivative": "The derivative of one operation's result with respect to one of its inputs, all else held fixed.",
    "chain rule": "Along a path derivatives are multiplied, and over all paths they are added.",
    contribution: "What one use of a value adds to its adjoint: the adjoint of the result times the local derivative.",
    node: "One operation of the backward graph, for instance MulBackward0. PyTorch makes it in the forward pass.",
    AccumulateGrad: "The node at a leaf: it adds the gradient that arrives to the leaf's .grad.",
    "saved tensor": "What the forward pass keeps because the backward pass will need it.",
    "finite difference": "(f(x + h) − f(x − h)) / 2h for a small h: close to the derivative, found without any rule for it. Here it checks the engine.",
  },
  Layers: {
    Layer: "One step of the net, by PyTorch's name for it.",
    Arguments: "What the layer is made with, by the names that PyTorch has for them.",
    Output: "The shape of what the layer gives for the whole batch, N first.",
    Parameters: "Numbers that are learned: the weights and offsets of the layer.",
    Products: "Multiplications of one forward pass of the whole batch.",
    Saved: "Memory that the forward pass keeps for the backward pass, for the whole batch.",
    Sees: "How many rows and columns of the input one number of the output depends on: its receptive field.",
    module: "A layer, or a group of layers, as PyTorch nests them. Its box can be opened and closed.",
    logits: "What the last layer gives: one number for each class, from which softmax makes probabilities.",
    "dead unit": "A unit that gives 0 for every example: no gradient passes through it, so that it does not learn.",
  },
  Training: {
    batch: "The examples of one step.",
    step: "One update of all parameters, from the gradients of one batch.",
    epoch: "Once through all training examples.",
    loss: "The number that training makes small: how far the outputs are from what is wanted.",
    "learning rate": "How far one step goes against the gradient.",
    optimizer: "The rule that turns gradients into changes of the parameters.",
    "gradient norm": "The length of the gradient: the root of the sum of the squares of its numbers.",
    "update ratio": "How large a step is beside the weights that it changes: the norm of the one over that of the other.",
    accuracy: "The share of examples whose largest output is that of the right class.",
    "mean absolute error": "How far predicted numbers are off in the mean, in the unit of the data.",
    fold: "One of some equal parts of the training examples: each is held out once, for a test by the others.",
  },
};

/**
 * What a term means; null where the glossary does not have it.
 * @param {string} term
 * @returns {string | null}
 */
export function meaningOf(term) {
  for (const chapter of Object.values(GLOSSARY)) if (term in chapter) return chapter[term];
  return null;
}
