import NIOCore
import NIOHTTP2

/// HTTP/2 settings for a trusted peer on a unix socket, the same on both sides.
enum HTTP2Parameters {
  /// Bytes. A 16 MiB message then needs a few dozen window updates, not thousands.
  static let windowSize = 1 << 20

  /// Calls of one connection at a time: a kubelet with a thousand pods has a few of each at once.
  static let maximumStreams = 4096

  static var connection: NIOHTTP2Handler.ConnectionConfiguration {
    var configuration = NIOHTTP2Handler.ConnectionConfiguration()
    configuration.initialSettings = [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: maximumStreams),
      HTTP2Setting(parameter: .initialWindowSize, value: windowSize),
      HTTP2Setting(parameter: .maxFrameSize, value: 1 << 17),
      HTTP2Setting(parameter: .maxHeaderListSize, value: 1 << 16),
    ]
    configuration.targetWindowSize = 4 * windowSize
    // grpc-go pings for every burst of data to measure the bandwidth-delay product, and cancelled calls are ordinary: the
    // defaults (200 in 30 s, 200 glitches for a connection's life) would end a kubelet's connection.
    configuration.controlFrameRateLimit.maximumCount = 2000
    configuration.controlFrameRateLimit.windowLength = .milliseconds(100)
    configuration.maximumConnectionGlitches = 1_000_000
    configuration.maximumRecentlyResetStreams = 256
    configuration.maximumSequentialEmptyDataFrames = 10
    return configuration
  }

  /// A client also forbids server push.
  static var clientConnection: NIOHTTP2Handler.ConnectionConfiguration {
    var configuration = connection
    configuration.initialSettings.append(HTTP2Setting(parameter: .enablePush, value: 0))
    return configuration
  }

  static var stream: NIOHTTP2Handler.StreamConfiguration {
    var configuration = NIOHTTP2Handler.StreamConfiguration()
    configuration.targetWindowSize = windowSize
    configuration.outboundBufferSizeHighWatermark = windowSize
    configuration.outboundBufferSizeLowWatermark = windowSize / 2
    configuration.streamResetFrameRateLimit.maximumCount = 2000
    configuration.streamResetFrameRateLimit.windowLength = .milliseconds(100)
    configuration.streamErrorRateLimit.maximumCount = 2000
    configuration.streamErrorRateLimit.windowLength = .milliseconds(100)
    return configuration
  }
}

/// A gRPC message has at most this many bytes in either direction: what the kubelet's and crictl's clients accept.
public let defaultMaximumMessageBytes = 16 << 20
