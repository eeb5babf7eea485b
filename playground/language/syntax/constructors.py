"""What makes modules and tensors in PyTorch, and the functions that say the same here."""

from __future__ import annotations

import ast

MODULE_FUNCTIONS = {  # modules without weights, and the functions that do the same
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Flatten": "flatten",
    "MaxPool2d": "max_pool2d",
    "AvgPool2d": "avg_pool2d",
}


MAKERS = {f"torch.{name}" for name in ("tensor", "zeros", "ones", "full", "rand", "randn", "eye", "linspace", "arange")}
TENSOR_KINDS = {  # the old names of a tensor's constructor, each of one dtype
    "torch.Tensor": "float32",
    "torch.FloatTensor": "float32",
    "torch.DoubleTensor": "float64",
    "torch.IntTensor": "int32",
    "torch.LongTensor": "int64",
}


def typed_tensor(node: ast.Call, dtype: str) -> ast.Call:
    """`torch.Tensor([1, 2])` as `torch.tensor([1, 2], dtype=torch.float32)`."""

    def of_torch(name: str) -> ast.expr:
        return ast.copy_location(ast.Attribute(ast.copy_location(ast.Name("torch"), node.func), name), node.func)

    keyword = ast.copy_location(ast.keyword("dtype", of_torch(dtype)), node.args[0])
    return ast.copy_location(ast.Call(of_torch("tensor"), node.args, [keyword]), node)
