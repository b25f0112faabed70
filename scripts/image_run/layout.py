"""An OCI image layout of one layer, written so that the same files give the same bytes.

Of Debian's tools buildah and podman make such an image too, with a hundred packages beside them; umoci and skopeo stamp the
moment into it. The format is a tar file and three JSON documents (OCI image specification 1.1).
"""

import gzip
import hashlib
import io
import json
import platform
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
# As OCI calls the machines that it calls otherwise than the kernel does.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def tar_of(entries, moment):
    """A tar file of (path, mode, owner, content) with content None for a folder and text for a symbolic link, in the order
    of their paths."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, mode, owner, content in sorted(entries, key=lambda entry: entry[0]):
            info = tarfile.TarInfo(path)
            info.mode, info.uid, info.gid, info.mtime = mode, owner, owner, moment
            if content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layout:
    """The blobs of an image and what leads to them."""

    def __init__(self, entries, settings, annotations, moment, created):
        """`settings` as in an image's config; `moment` in Unix seconds, which `created` writes out."""
        self.moment = moment
        rootfs = tar_of(entries, moment)
        layer = gzip.compress(rootfs, compresslevel=9, mtime=0)
        config = document({
            "created": created, "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux", "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [digest(rootfs)]},
            "history": [{"created": created, "comment": "scripts/image"}],
        })  # fmt: skip
        manifest = document({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": described(CONFIG, config),
            "layers": [described(LAYER, layer)], "annotations": annotations,
        })  # fmt: skip
        named = {**described(MANIFEST, manifest), "annotations": {"org.opencontainers.image.ref.name": "latest"}}
        self.index = document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]})
        self.blobs = [layer, config, manifest]
        self.digest, self.layer_bytes, self.rootfs_bytes = digest(manifest), len(layer), len(rootfs)

    def tar(self):
        """The whole layout as one tar file."""
        folders = [("blobs", 0o755, 0, None), ("blobs/sha256", 0o755, 0, None)]
        blobs = [("blobs/sha256/" + digest(blob).split(":")[1], 0o644, 0, blob) for blob in self.blobs]
        marks = [("index.json", 0o644, 0, self.index), ("oci-layout", 0o644, 0, document({"imageLayoutVersion": "1.0.0"}))]
        return tar_of(folders + blobs + marks, self.moment)


def described(media_type, data):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def document(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
