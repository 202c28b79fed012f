import NIOCore
public import NIOPosix

/// The one thread on which all sockets live that NIO serves, in the whole process. It sleeps in epoll_wait without a timeout while nothing happens.
public enum EventLoops {
  public static let shared = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
