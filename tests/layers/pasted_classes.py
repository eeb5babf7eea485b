"""The classes of a typical tutorial, as they are pasted; each with the document that runs it."""

from __future__ import annotations

from playground.layers.document import StackDocument

LADDER = '''class Bias(nn.Module):
    """Adds a parameter."""

    def __init__(self, n):
        super().__init__()
        self.bias = nn.Parameter(torch.randn(n))

    def forward(self, x):
        return x + self.bias


class Linear(nn.Module):
    def __init__(self, a, b):
        super(Linear, self).__init__()
        self.weight = nn.Parameter(torch.randn(a, b) / a ** 0.5)
        self.μ = Bias(b)

    def forward(self, x: Tensor) -> Tensor:
        return self.μ(x @ self.weight)


class MLP(nn.Module):
    def __init__(self, sizes=(6, 5, 4, 3)):
        super().__init__()
        self.layers = nn.ModuleList()
        for i in range(len(sizes) - 1):
            self.layers.append(Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < len(self.layers) - 1:
                x = relu(x)
        return x
'''
LENET = """class LeNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def features(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        return self.pool(F.relu(self.conv2(x)))

    def forward(self, x):
        x = self.features(x)
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)
"""
RESIDUAL = """class Block(nn.Module):
    def __init__(self, inside, outside, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.shortcut = nn.Sequential()
        if stride != 1 or inside != outside:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride=stride, bias=False),
                nn.BatchNorm2d(outside),
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding="same")
        self.stage = self._stage(4, 6, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(6, 3)

    def _stage(self, inside, outside, number):
        blocks = [Block(inside, outside, stride=2)]
        for i in range(1, number):
            blocks.append(Block(outside, outside))
        return nn.Sequential(*blocks)

    def forward(self, x):
        x = self.stage(relu(self.stem(x)))
        return self.head(self.drop(torch.flatten(self.pool(x), 1)))
"""
AUTOENCODER = """class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({
            "encoder": nn.Sequential(nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 2)),
            "decoder": nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 8)),
        })

    def encode(self, x):
        return self.parts["encoder"](x)

    def decode(self, z, scale=1.0):
        return self.parts["decoder"](z) * scale

    def forward(self, x):
        return self.decode(self.encode(x), scale=2.0)
"""
TIED = """class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)
        self.second.weight = self.first.weight
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.tanh(self.second(torch.tanh(self.first(x))))
        x = torch.tanh(self.first(x))
        return self.last(x) + x @ self.last.weight.T
"""
RECURRENT = """class Cell(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.i2h = nn.Linear(size, hidden)
        self.h2h = nn.Linear(hidden, hidden, bias=False)

    def forward(self, x, h):
        return torch.tanh(self.i2h(x) + self.h2h(h))


class RNN(nn.Module):
    def __init__(self, size=3, hidden=5):
        super().__init__()
        self.hidden = hidden
        self.cell = Cell(size, hidden)
        self.head = nn.Linear(hidden, 3)

    def forward(self, x):
        h = torch.zeros(x.size(0), self.hidden)
        states = []
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h)
            states.append(h)
        return self.head(torch.stack(states, dim=1).mean(dim=1))
"""
INITIALISED = """class Base(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.first = nn.Linear(4, hidden)
        self.last = nn.Linear(hidden, 3)
        self.norm = nn.LayerNorm(hidden) if hidden > 2 else nn.Identity()
        self.scale = nn.Parameter(torch.empty(hidden))
        self.register_buffer("shift", torch.full((hidden,), 0.5))
        self._start()

    def _start(self):
        nn.init.uniform_(self.scale, 0.5, b=1.5)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                if m.bias is not None:
                    nn.init.constant_(m.bias, 0.1)
        nn.init.kaiming_normal_(self.last.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.last.bias, std=0.02)

    def forward(self, x):
        return self.last(torch.relu(self.norm(self.first(x)) * self.scale - self.shift))


class Deeper(Base):
    def __init__(self):
        super().__init__(hidden=5)
        self.extra = nn.Linear(3, 3)
        nn.init.zeros_(self.extra.bias)
        nn.init.ones_(self.norm.weight)

    def forward(self, x):
        return super().forward(x) + self.extra(super().forward(x))
"""


ENCODER = """class Encoder(nn.Module):
    def __init__(self, size=8):
        super().__init__()
        self.attention = nn.MultiheadAttention(size, 2, batch_first=True)
        self.cross = nn.MultiheadAttention(size, num_heads=4, batch_first=True)
        self.norm = nn.LayerNorm(size)
        self.place = nn.Embedding(10, size)
        self.last = nn.TransformerEncoderLayer(size, 2, dim_feedforward=12, dropout=0, batch_first=True)
        self.head = nn.Linear(size, 3)

    def forward(self, x):
        x = x + self.place(torch.arange(x.shape[1]))
        out, weights = self.attention(x, x, x)
        x = self.norm(x + out)
        query = x[:, :2]
        y = self.cross(query, x, x, need_weights=False)[0]
        out, _ = self.cross(y, x, x, need_weights=True)
        return self.head(self.last(y + out).mean(dim=1)) * weights.amax()
"""


READER = """class Reader(nn.Module):
    def __init__(self, size=6, hidden=5, layers=2):
        super().__init__()
        self.hidden = hidden
        self.layers = layers
        self.lstm = nn.LSTM(size, hidden, layers, batch_first=True)
        self.back = nn.LSTM(input_size=hidden, hidden_size=4, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(8, hidden, batch_first=True)
        self.rnn = nn.RNN(hidden, 3, num_layers=1, batch_first=True)

    def forward(self, x):
        h0 = torch.zeros(self.layers, x.size(0), self.hidden)
        c0 = torch.ones(self.layers, x.size(0), self.hidden)
        out, (h, c) = self.lstm(x, (h0, c0))
        out, _ = self.back(out)
        out, last = self.gru(out, h[-1:] + c[-1:])
        _, state = self.rnn(out + last[0].unsqueeze(1))
        return state.squeeze(0) + self.rnn(out)[0][:, -1]
"""


STEPS = """class Steps(nn.Module):
    def __init__(self, size=3, hidden=4):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTMCell(size, hidden)
        self.gru = nn.GRUCell(hidden, hidden, bias=False)
        self.rnn = nn.RNNCell(hidden, hidden_size=3)

    def forward(self, x):
        h = torch.zeros(x.size(0), self.hidden)
        c = torch.zeros(x.size(0), self.hidden)
        g = r = None
        for step in x.split(1, dim=1):
            h, c = self.lstm(step.squeeze(1), (h, c))
            g = self.gru(h, g)
            r = self.rnn(g) if r is None else self.rnn(g, r)
        return r + self.lstm(x[:, 0])[1].mean()
"""


def _document(text: str, shape: tuple[int, ...], loss: str = "CrossEntropyLoss", classes: int = 3) -> StackDocument:
    return StackDocument(text, shape, loss, classes, "random", batch=4, rng_seed=7)


DOCUMENTS = {
    "ladder": _document(LADDER, (6,)),
    "lenet": _document(LENET, (1, 28, 28), classes=10),
    "residual": _document(RESIDUAL, (1, 8, 8)),
    "autoencoder": _document(AUTOENCODER, (8,), "MSELoss", 8),
    "tied": _document(TIED, (6,)),
    "recurrent": _document(RECURRENT, (4, 3)),
    "reader": _document(READER, (7, 6)),
    "steps": _document(STEPS, (5, 3)),
    "encoder": _document(ENCODER, (5, 8)),
    "initialised": _document(INITIALISED, (4,)),
}
