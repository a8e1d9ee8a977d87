using Sample.Model.Checkpoint;
using Sample.Model.Translation;

namespace Sample.Model.CommandLine;

/// <summary>Translates one phrase.</summary>
internal static class PhraseTranslation
{
    /// <summary>Prints the English of <paramref name="phrase"/> and nothing else.</summary>
    public static void Print(ModelFile file, string language, string phrase)
    {
        // The vocabulary's length plus the language's own number.
        var length = file.Vocabulary.EncodeSource(language, phrase).Length;
        if (length > file.Options.MaxLength)
            throw new InputException($"The phrase has {length - 1} characters; the model reads {file.Options.MaxLength - 1} at most.");
        if (length == 1)
            throw new InputException("The phrase is empty.");
        using var model = new Transformer(file.Options);
        file.Load(model);
        model.eval();
        Console.WriteLine(new Translator(model, file.Vocabulary).Translate([(language, phrase)])[0]);
    }
}
