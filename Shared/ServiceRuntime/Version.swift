/// The product's version, as `--version` and the user agent of our requests say it.
public enum ProductVersion {
    /// Semantic version.
    public static let text = "0.1.0"
}
