"""Networks that turn a stretch of one voice into a point, so that stretches of the same voice lie close together.

Two are known, told apart by the names in their weights: CAM++ (192 numbers, Mel features of 25 ms every 10 ms) and the
GE2E voice encoder (256 numbers). Both are given only sound in which one speaker alone was found to speak.

Only torch, torchaudio and safetensors are used; how the points are compared is not decided here. This module imports
torch when it is imported: adapters import it when they are built, and nothing else does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, cast

import torch
import torch.nn.functional as F  # noqa: N812 - the name by which everybody knows it
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchaudio.compliance import kaldi
from torchaudio.functional import melscale_fbanks

from worker.core.errors import BrokenModel

SAMPLE_RATE_HZ = 16_000
FRAME_STEP = 160  # samples: 100 frames a second


class VoiceNetwork(nn.Module):
    """What both networks are to their user: a waveform becomes frames, and chosen frames become a point."""

    dimension: ClassVar[int]
    two_voices: ClassVar[float]
    """Unit vectors are as alike as their product says. Two groups are of two voices where members of one group are
    more alike than those of different groups, in the mean, by this."""
    fewest_frames: ClassVar[int]  # an utterance of fewer says nothing and is refused

    def find_features(self, waveform: Tensor) -> Tensor:
        """(samples,) float32 in [-1, 1] at 16 kHz -> (frames, bins), 100 frames a second. Empty if shorter than one."""
        raise NotImplementedError

    def embed(self, utterances: Sequence[Tensor]) -> Tensor:
        """Utterances, each (frames, bins) of ``fewest_frames`` at least -> (utterances, dimension), not normalised."""
        raise NotImplementedError


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, by name.

    Raises: BrokenModel if it cannot be read or holds numbers that are none, which would only show in what is heard.
    """
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise BrokenModel(f"The weights in {path.parent.name} cannot be read. Run `onrecord models fetch`.") from error
    if not all(tensor.isfinite().all() for tensor in weights.values()):
        raise BrokenModel(f"The weights in {path.parent.name} are damaged. Run `onrecord models check`.")
    return weights


def load_voice_network(path: Path) -> VoiceNetwork:
    """The network whose weights lie in a safetensors file, ready to be used.

    Raises: BrokenModel if the file cannot be read or holds neither of the two.
    """
    weights = read_weights(path)
    network: VoiceNetwork
    if "xvector.tdnn.linear.weight" in weights:
        network = CamPlusPlus()
    elif "lstm.weight_ih_l0" in weights:
        network = VoiceEncoder()
        for name in ("similarity_weight", "similarity_bias"):  # of its training loss
            weights.pop(name, None)
    else:
        raise BrokenModel("These weights are of no voice model that is known here. Run `onrecord models check`.")
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BrokenModel("The weights of the voice model do not fit it. Run `onrecord models check`.") from error
    return network.eval()


# CAM++


class CamPlusPlus(VoiceNetwork):
    """CAM++: a small two-dimensional front, then densely connected layers, each masked by what is around it.

    The names of the parts are those of the published weights.
    Source: Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking",
    Interspeech 2023; modelscope/3D-Speaker at 62ffeffa8cb4f1881265cbc3b2a795a1812b6bc6, speakerlab/models/campplus.
    """

    dimension = 192
    # One voice, parted where it parts best, came to 0.10 at most on 26 calls, and to 0.13 where it spoke two languages;
    # two voices came to 0.15 at least, to 0.3 on most calls, and on one call of two much alike to 0.10.
    two_voices = 0.14
    fewest_frames = 8  # the front halves the frames; a spread needs two at least, and less than 0.1 s is no voice

    BINS = 80
    GROWTH = 32  # channels that each dense layer adds
    LENGTH_STEP = 20  # frames
    BLOCKS = ((12, 1), (24, 2), (16, 2))  # (layers, dilation)

    def __init__(self) -> None:
        super().__init__()
        # A third quicker on a processor. torch's types do not know this way of calling it, its documentation does.
        self.head = _Front().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        channels = 128
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        parts["tdnn"] = _Layer(32 * self.BINS // 8, channels, width=5, stride=2)
        for number, (layers, dilation) in enumerate(self.BLOCKS, 1):
            parts[f"block{number}"] = _DenseBlock(channels, layers=layers, growth=self.GROWTH, dilation=dilation)
            channels += layers * self.GROWTH
            parts[f"transit{number}"] = _Transit(channels, channels // 2)
            channels //= 2
        parts["out_nonlinear"] = _norm_relu(channels)
        parts["stats"] = _Statistics()
        parts["dense"] = _Dense(2 * channels, self.dimension)
        self.xvector = nn.Sequential(parts)

    def find_features(self, waveform: Tensor) -> Tensor:
        """Log Mel energies as Kaldi computes them, without its random dither; (frames, 80)."""
        return cast(
            Tensor, kaldi.fbank(waveform[None], num_mel_bins=self.BINS, sample_frequency=SAMPLE_RATE_HZ, dither=0.0)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(batch, frames, 80) -> (batch, 192)."""
        return cast(Tensor, self.xvector(self.head(features.transpose(1, 2))))

    def embed(self, utterances: Sequence[Tensor]) -> Tensor:
        """Those of one length together, which for short ones takes half the time; padding others would be heard."""
        prepared = [self._prepare(utterance) for utterance in utterances]
        points = prepared[0].new_empty(len(prepared), self.dimension)
        for length in sorted({len(one) for one in prepared}):
            rows = [row for row, one in enumerate(prepared) if len(one) == length]
            points[rows] = self(torch.stack([prepared[row] for row in rows]))
        return points

    def _prepare(self, utterance: Tensor) -> Tensor:
        """Without what the line adds to every frame, and cut to one of few lengths.

        torch keeps a program for each length that it meets, which took hundreds of megabytes and a fifth of the time.
        """
        if len(utterance) > 2 * self.LENGTH_STEP:
            utterance = utterance[: len(utterance) // self.LENGTH_STEP * self.LENGTH_STEP]
        return utterance - utterance.mean(dim=0)


def _norm_relu(channels: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(channels), relu=nn.ReLU(inplace=True)))


class _ResidualBlock(nn.Module):
    """Two convolutions over bins and frames; the stride thins out the bins only."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride > 1:
            thinned = nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False)
            self.shortcut = nn.Sequential(thinned, nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(inner)) + self.shortcut(x))


class _Front(nn.Module):
    """Mel bins as an image: (batch, 80, frames) -> (batch, 320, frames), 32 channels of a tenth of the bins each."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.layer1 = nn.Sequential(_ResidualBlock(32, 2), _ResidualBlock(32, 1))
        self.layer2 = nn.Sequential(_ResidualBlock(32, 2), _ResidualBlock(32, 1))
        self.conv2 = nn.Conv2d(32, 32, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)

    def forward(self, features: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(features[:, None])))
        x = F.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


class _Layer(nn.Module):
    def __init__(self, given: int, made: int, *, width: int, stride: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(given, made, width, stride=stride, padding=width // 2, bias=False)
        self.nonlinear = _norm_relu(made)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.nonlinear(self.linear(x)))


class _ContextMask(nn.Module):
    """A convolution whose output is weighed by the mean of all frames and of the second (100 frames) around each."""

    SEGMENT = 100

    def __init__(self, given: int, made: int, *, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(given, made, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(given, given // 2, 1)
        self.linear2 = nn.Conv1d(given // 2, made, 1)

    def forward(self, x: Tensor) -> Tensor:
        segments = F.avg_pool1d(x, self.SEGMENT, ceil_mode=True)
        around = segments.repeat_interleave(self.SEGMENT, dim=2)[..., : x.shape[2]]
        context = x.mean(dim=2, keepdim=True) + around
        mask = torch.sigmoid(self.linear2(F.relu(self.linear1(context))))
        return cast(Tensor, self.linear_local(x)) * mask


class _DenseLayer(nn.Module):
    def __init__(self, given: int, made: int, *, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _norm_relu(given)
        self.linear1 = nn.Conv1d(given, 4 * made, 1, bias=False)
        self.nonlinear2 = _norm_relu(4 * made)
        self.cam_layer = _ContextMask(4 * made, made, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x)))))


class _DenseBlock(nn.Module):
    """Layers that each see what was given and what all layers before them made."""

    def __init__(self, given: int, *, layers: int, growth: int, dilation: int) -> None:
        super().__init__()
        for number in range(layers):
            self.add_module(f"tdnnd{number + 1}", _DenseLayer(given + number * growth, growth, dilation=dilation))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class _Transit(nn.Module):
    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        self.nonlinear = _norm_relu(given)
        self.linear = nn.Conv1d(given, made, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.linear(self.nonlinear(x)))


class _Statistics(nn.Module):
    """Mean and spread over the frames: (batch, channels, frames) -> (batch, 2 * channels)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(dim=2), x.std(dim=2)], dim=1)


class _Dense(nn.Module):
    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(given, made, 1, bias=False)
        self.nonlinear = nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(made, affine=False)))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.nonlinear(self.linear(x[..., None])[..., 0]))


# GE2E


class VoiceEncoder(VoiceNetwork):
    """The GE2E voice encoder: three LSTM layers over pieces of 1.6 s, whose last states are averaged.

    Source: Wan et al., "Generalized End-to-End Loss for Speaker Verification", ICASSP 2018; resemble-ai/Resemblyzer at
    0fe931fbb94da55d2c7c2a8ec2246a9c59a7c8d1, resemblyzer/voice_encoder.py, and audio.py at
    9015d0d60b0adea2ef574ef1b1c212688f78fb22.
    """

    dimension = 256
    two_voices = 0.09  # one voice came to 0.08 at most on 9 calls, two to 0.12 at least
    fewest_frames = 8

    BINS = 40
    WINDOW = 400  # samples: 25 ms
    PIECE = 160  # frames: 1.6 s, the length it was trained on
    PIECE_STEP = 77  # frames: 1.3 pieces a second
    LEAST_OF_PIECE = 0.75  # a last piece with less than this share of sound is left out
    LEVEL_DBFS = -30.0  # it hears power, not its logarithm, so sound that is too quiet is raised to this

    window: Tensor
    mel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(self.BINS, self.dimension, num_layers=3, batch_first=True)
        self.linear = nn.Linear(self.dimension, self.dimension)
        mel = melscale_fbanks(
            self.WINDOW // 2 + 1, 0.0, SAMPLE_RATE_HZ / 2, self.BINS, SAMPLE_RATE_HZ, norm="slaney", mel_scale="slaney"
        )
        self.register_buffer("window", torch.hann_window(self.WINDOW), persistent=False)
        self.register_buffer("mel", mel, persistent=False)  # (frequencies, bins)

    def find_features(self, waveform: Tensor) -> Tensor:
        """Mel power and, last, the power of the sound itself; (frames, 41)."""
        spectrum = torch.stft(
            waveform,
            self.WINDOW,
            FRAME_STEP,
            window=self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        power = spectrum.abs().square().T  # (frames, frequencies), of which the upper half is left out
        loudness = 2 * power.sum(dim=1, keepdim=True) / (self.WINDOW * self.window.square().sum())
        return torch.cat([power @ self.mel, loudness], dim=1)

    def forward(self, pieces: Tensor) -> Tensor:
        """(batch, 160, 40) -> (batch, 256), of length 1."""
        _, (last, _) = self.lstm(pieces)
        return F.normalize(F.relu(self.linear(last[-1])))

    def embed(self, utterances: Sequence[Tensor]) -> Tensor:
        """All pieces of all utterances at once; the mean of each utterance's pieces."""
        pieces = [self._cut(self._raise_level(utterance)) for utterance in utterances]
        points = self(torch.cat(pieces))
        return torch.stack([part.mean(dim=0) for part in points.split([len(piece) for piece in pieces])])

    def _raise_level(self, utterance: Tensor) -> Tensor:
        """(frames, 41) -> (frames, 40), a quiet voice made as loud as those it was trained on; a loud one left so."""
        wanted = 10 ** (self.LEVEL_DBFS / 10)
        return utterance[:, :-1] * (wanted / utterance[:, -1].mean().clamp(min=1e-12)).clamp(min=1.0)

    def _cut(self, utterance: Tensor) -> Tensor:
        """(frames, 40) -> (pieces, 160, 40); the last piece is filled up with silence."""
        starts = list(range(0, max(1, len(utterance) - self.PIECE + self.PIECE_STEP), self.PIECE_STEP))
        if len(starts) > 1 and len(utterance) - starts[-1] < self.LEAST_OF_PIECE * self.PIECE:
            starts.pop()
        filled = F.pad(utterance, (0, 0, 0, max(0, starts[-1] + self.PIECE - len(utterance))))
        return torch.stack([filled[start : start + self.PIECE] for start in starts])
