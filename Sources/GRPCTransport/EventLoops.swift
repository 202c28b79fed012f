import NIOCore
import NIOPosix

/// The one thread on which all sockets of this module live. It sleeps in epoll_wait without a timeout while nothing happens.
enum EventLoops {
  static let shared = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
