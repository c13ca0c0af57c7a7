"""What a user would write instead of `augmentation.views`: PyTorch and torchvision, on one core. Four
views (crop and resize, flip, brightness, noise) of each of 10,000 images of Fashion-MNIST and their
moments C, G and S: with torchvision's transforms image by image, and with everything vectorised by
hand (affine_grid and grid_sample), in double precision as here. Counted are drawing and products: of
twoview its stage `moments`, which reads the images, too; of the peers processor time."""
import os
import subprocess
import sys
import time

import h5py

import harness
import peer_views

ROWS, VIEWS, K = 10000, 4, 20

EXPERIMENT = f"""\
source:
  type: idx
  images: {harness.FASHION}/train-images-idx3-ubyte.gz
  labels: {harness.FASHION}/train-labels-idx1-ubyte.gz
  scale: 255
augmentation:
  chain:
    - {{type: crop, sizes: [20, 24, 28], step: 2}}
    - {{type: flip}}
    - {{type: brightness, deviation: 0.2}}
    - {{type: noise, deviation: 0.1}}
  views: {VIEWS}
samples: [{ROWS}]
encoder: {{k: {K}}}
methods: [JE]
archive: {{encoders: none, representations: none}}
"""


def images():
    import torch
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    file = harness.FASHION / "train-images-idx3-ubyte.gz"
    return torch.from_numpy(peer_views.read_idx(file)[:ROWS] / 255)[:, None]


def multiply(x, views):
    """C, G and S of views, rows x views x pixels."""
    import torch
    x, views = x.reshape(len(x), -1), views.reshape(len(x), VIEWS, -1)
    mean = views.mean(1)
    drawn = views.reshape(len(x) * VIEWS, -1)
    C, G, S = x.T @ mean / len(x), mean.T @ mean / len(x), drawn.T @ drawn / len(drawn)
    return C, (VIEWS * G - S) / (VIEWS - 1), S


def one_by_one(x):
    """torchvision's transforms as their documentation composes them."""
    import torch
    from torchvision import transforms
    augment = transforms.Compose([transforms.RandomResizedCrop(28, scale=(0.5, 1), ratio=(1, 1)),
                                  transforms.RandomHorizontalFlip(),
                                  transforms.ColorJitter(brightness=0.2),
                                  transforms.Lambda(lambda image: image + 0.1 * torch.randn_like(image))])
    return multiply(x, torch.stack([augment(image) for image in x for _ in range(VIEWS)]))


def vectorised(x):
    import torch
    x = x.repeat_interleave(VIEWS, 0)
    count = len(x)
    scale = torch.tensor([20, 24, 28])[torch.randint(3, (count,))] / 28
    flip = 1 - 2 * torch.randint(2, (count,))
    place = (2 * torch.rand(2, count) - 1) * (1 - scale)
    zero = torch.zeros(count)
    theta = torch.stack([torch.stack([scale * flip, zero, place[0]], 1),
                         torch.stack([zero, scale, place[1]], 1)], 1)
    grid = torch.nn.functional.affine_grid(theta, x.shape, align_corners=False)
    views = torch.nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
    views += 0.2 * torch.randn(count, 1, 1, 1)
    views += 0.1 * torch.randn(views.shape)
    return multiply(x[::VIEWS], views)


PEERS = {"torchvision's transforms": one_by_one, "vectorised by hand": vectorised}


def peer(name):
    """In a process of its own, on one core."""
    x = images()
    begun = time.process_time()
    PEERS[name](x)
    print(time.process_time() - begun)


def on_one_core(*command):
    """What a command prints."""
    words = ["taskset", "-c", "0", *map(str, command)]
    return subprocess.run(words, cwd=harness.folder, check=True, text=True, capture_output=True,
                          env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}).stdout


def moments(file):
    on_one_core(harness.TWOVIEW, "run", file, "--force", "-o", "views.h5")
    with h5py.File(harness.folder / "views.h5") as archive:
        stage = [name.decode() for name in archive["stage"]].index("moments")
        return archive["seconds"][0, stage]


def main():
    try:
        import torchvision  # noqa: F401
    except ImportError:
        print("skipped: the peer needs python3-torch and python3-torchvision")
        return
    file = harness.write("views.yaml", EXPERIMENT)
    ours = min(moments(file) for _ in range(5))
    for name in PEERS:
        theirs = min(float(on_one_core(sys.executable, __file__, name)) for _ in range(2))
        print(f"{VIEWS} views of {ROWS} images, C, G and S: twoview {ours:.2f} s, PyTorch, {name}, {theirs:.2f} s: "
              f"{theirs / ours:.1f} times as fast")


if __name__ == "__main__":
    peer(sys.argv[1]) if len(sys.argv) > 1 else main()
