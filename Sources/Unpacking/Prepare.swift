/// Makes what parsing needs from the host's file system, for a process that is about to lose it.
public func prepareUnpacking() { ArchiveReader.prepare() }
