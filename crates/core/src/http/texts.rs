//! Texts with a form of their own, for the contract alone: a list's items cannot carry bounds at the member.

#![expect(dead_code, reason = "they describe texts, and hold none")]

use utoipa::ToSchema;

/// A code of a code list.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 40, example = "refugee")]
pub struct CodeText(String);

/// A country by ISO 3166-1 alpha-2.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "UA")]
pub struct CountryCode(String);

/// A language by ISO 639-1.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$", example = "uk")]
pub struct LanguageCode(String);

/// The name of a member of a resource.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 60, example = "health_needs")]
pub struct MemberName(String);

/// A field of a delimited file, its first characters.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 200, example = "030129")]
pub struct FieldText(String);

/// A member of a file, with the names of what it is in.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 200, example = "contacts/phones/extension")]
pub struct MemberPath(String);

/// The absolute address of something this API serves.
#[derive(ToSchema)]
#[schema(value_type = String, format = "uri", max_length = 2048)]
pub struct Address(String);

/// A code of a dimension of statistics.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 60, example = "030129")]
pub struct DimensionCodeText(String);

/// The SDMX identifier of a dimension.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 40, pattern = "^[A-Z][A-Z0-9_]*$", example = "SEX")]
pub struct DimensionIdentifier(String);
