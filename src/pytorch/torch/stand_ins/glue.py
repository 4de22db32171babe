# What audio, reinforcement learning and training libraries add around a network: shapes, buffers, nothing that learns.
import torch
from torch import nn
from torchaudio._shapes import _spectrogram


class Spectrogram(nn.Module):
    def __init__(
        self, n_fft=400, win_length=None, hop_length=None, pad=0, window_fn=None, power=2.0, normalized=False,
        wkwargs=None, center=True, pad_mode="reflect", onesided=True,
    ):
        super().__init__()
        self.n_fft = n_fft
        self.win_length = win_length if win_length is not None else n_fft
        self.hop_length = hop_length if hop_length is not None else self.win_length // 2
        self.center = center
        self.pad = pad
        self.register_buffer("window", torch.empty(self.win_length))

    def forward(self, waveform):
        length = waveform.shape[-1] + 2 * self.pad
        frames = length // self.hop_length + 1 if self.center else (length - self.n_fft) // self.hop_length + 1
        return _spectrogram(waveform, self.n_fft // 2 + 1, frames)


class MelScale(nn.Module):
    def __init__(self, n_mels=128, sample_rate=16000, f_min=0.0, f_max=None, n_stft=201, norm=None, mel_scale="htk"):
        super().__init__()
        self.n_mels = n_mels
        self.register_buffer("fb", torch.empty(n_stft, n_mels))

    def forward(self, specgram):
        return torch.matmul(specgram.transpose(-1, -2), self.fb).transpose(-1, -2)


class MelSpectrogram(nn.Module):
    def __init__(
        self, sample_rate=16000, n_fft=400, win_length=None, hop_length=None, f_min=0.0, f_max=None, pad=0, n_mels=128,
        window_fn=None, power=2.0, normalized=False, wkwargs=None, center=True, pad_mode="reflect", onesided=None,
        norm=None, mel_scale="htk",
    ):
        super().__init__()
        self.spectrogram = Spectrogram(n_fft, win_length, hop_length, pad, window_fn, power, normalized, wkwargs, center)
        self.mel_scale = MelScale(n_mels, sample_rate, f_min, f_max, n_fft // 2 + 1)

    def forward(self, waveform):
        return self.mel_scale(self.spectrogram(waveform))


class AmplitudeToDB(nn.Module):
    def __init__(self, stype="power", top_db=None):
        super().__init__()

    def forward(self, x):
        return torch.log10(torch.clamp(x, min=1e-10)) * 10.0


class MFCC(nn.Module):
    def __init__(self, sample_rate=16000, n_mfcc=40, dct_type=2, norm="ortho", log_mels=False, melkwargs=None):
        super().__init__()
        melkwargs = melkwargs or {}
        self.amplitude_to_DB = AmplitudeToDB("power", 80.0)
        self.MelSpectrogram = MelSpectrogram(sample_rate=sample_rate, **melkwargs)
        self.register_buffer("dct_mat", torch.empty(melkwargs.get("n_mels", 128), n_mfcc))

    def forward(self, waveform):
        mel = self.amplitude_to_DB(self.MelSpectrogram(waveform))
        return torch.matmul(mel.transpose(-1, -2), self.dct_mat).transpose(-1, -2)


class Box:
    def __init__(self, low=0, high=1, shape=None, dtype=None, seed=None):
        self.shape = tuple(shape) if shape is not None else ()
        self.low = low
        self.high = high

    def sample(self):
        return torch.zeros(self.shape)


class Discrete:
    def __init__(self, n, seed=None, start=0):
        self.n = n
        self.shape = ()


class BaseFeaturesExtractor(nn.Module):
    def __init__(self, observation_space, features_dim=0):
        super().__init__()
        self._observation_space = observation_space
        self._features_dim = features_dim

    @property
    def features_dim(self):
        return self._features_dim


def get_flattened_obs_dim(observation_space):
    n = 1
    for size in observation_space.shape:
        n *= size
    return n
