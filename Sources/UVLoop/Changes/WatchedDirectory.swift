/// A directory with a watch on it, that knows whether it still is where it was. Belongs to the
/// loop's thread.
final class WatchedDirectory {
    private let files: FileSystem
    private let path: String
    private let name: String
    private var identity: FileIdentity?
    /// Why the watch has ended.
    private(set) var error: FileError?

    init(_ files: FileSystem, _ path: String) {
        self.files = files
        self.path = path
        name = PathParts(path).name
    }

    /// Begins to watch; `handler` is called with each event, and with none if watching fails.
    nonisolated(nonsending) func watch<Element>(
        for source: ChangeSource<Element>,
        _ handler: @escaping (PathWatch.PathEvent) -> Void
    ) async throws {
        let watch: PathWatch
        do throws(UVError) {
            watch = try PathWatch(files.loop) { [self] result in
                switch result {
                case .success(let event): handler(event)
                case .failure(let error):
                    self.error = error
                    source.signal()
                }
            }
        } catch {
            throw FileError(.watch, path, error)
        }
        watch.whenClosed = { source.handleClosed() }
        source.adopt(watch)
        // What is watched has to be what is known: so it must be the same before and after.
        repeat {
            identity = try await files.stat(path).identity
            try watch.start(path)
        } while try await files.stat(path).identity != identity
    }

    /// Whether the event may be about the directory itself, which libuv calls by its name: it is
    /// gone then, or only something in it has the same name.
    func mayBeItself(_ event: PathWatch.PathEvent) -> Bool {
        event.kinds.contains(.renamed) && (event.name == nil || event.name == name)
    }

    /// - Throws: ``FileError`` if the path does not lead there any more.
    nonisolated(nonsending) func check() async throws {
        if let error { throw error }
        if try await files.stat(path).identity != identity {
            throw FileError(.watch, path, .noSuchFileOrDirectory)
        }
    }
}
