namespace Sample.Model.Data;

/// <summary>A phrase in a language and the English it is to be translated to.</summary>
/// <param name="Language">The locale's name: <c>de</c>, <c>pt_BR</c>, <c>sr@latin</c>.</param>
/// <param name="Text">The phrase in that language.</param>
/// <param name="English">The same in English.</param>
public sealed record Phrase(string Language, string Text, string English);
