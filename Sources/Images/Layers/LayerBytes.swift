import LinuxSystem

/// Where the bytes of a layer are.
enum LayerBytes {
  case file(ArchivedFile)
  /// They come while they are unpacked, to the end of the stream. Anything compressed is decompressed, whatever it is called.
  case stream(UnixStream, isCompressed: Bool)
}
